import type { RecordedEvent } from '#ledger/ledger.js';
import { someMetadata } from '#ledger/testing/new-events.js';
import type { SubjectKind } from '../description.js';
import { type Told, Teller } from '../teller.js';

/** An event of one type in a timeline, behind others. */
export interface Sample<Data> {
  /** Whose timeline it is; by default of something that no value belongs to. A unit or group is number 7 of the stream. */
  readonly kind?: SubjectKind;
  /** By default `t1`. */
  readonly id?: string;
  readonly prior?: readonly { readonly type: string; readonly data: object }[];
  readonly data: Data;
}

/** A sample for every type of event. */
export type SamplesOf<Events> = { readonly [Type in keyof Events]: Sample<Events[Type]> };

export const ORDINAL = 7;
export const UNIT = { units: [[ORDINAL, ORDINAL]] } as const;
export const GROUP = { groups: [[ORDINAL, ORDINAL]] } as const;

/** What a timeline says of an event: what is left out is empty. */
export interface Said {
  readonly says: string;
  readonly changes?: Readonly<Record<string, readonly [before: unknown, after: unknown]>>;
  /** Types of the events that led to it. */
  readonly why?: readonly string[];
}
export type SaidOf<Events> = { readonly [Type in keyof Events]: Said };

interface Entry {
  readonly sentence: string;
  readonly why: readonly { readonly event: string }[];
  readonly changes: Readonly<Record<string, { readonly before?: unknown; readonly after?: unknown }>>;
}

const saidIn = ({ sentence, changes, why }: Entry): Said => {
  const pairs = Object.entries(changes).map(([name, { before, after }]) => [name, [before, after]] as const);
  return {
    says: sentence,
    ...(pairs.length > 0 && { changes: Object.fromEntries(pairs) }),
    ...(why.length > 0 && { why: why.map(({ event }) => event) }),
  };
};

const toldOf = (stream: string, id: string, kind: SubjectKind | undefined): Told =>
  kind === 'unit' || kind === 'group' || kind === 'document'
    ? { id, kind, stream, ordinals: [ORDINAL] }
    : { id, ...(kind && { kind }) };

export const recordedEvent = (stream: string, type: string, data: object, revision: number): RecordedEvent => ({
  position: revision + 1,
  ...{ stream, type, revision, id: `event-${revision}`, hash: '' },
  data: JSON.stringify(data),
  metadata: JSON.stringify({ ...someMetadata(), correlationId: 'request', causationId: 'command' }),
});

/** What its timeline says of the sample's event; undefined when it does not concern the subject. */
export const tellSample = (
  stream: string,
  type: string,
  { kind, id = 't1', prior = [], data }: Sample<object>,
): Said | undefined => {
  const teller = new Teller(toldOf(stream, id, kind));
  const entries = [...prior, { type, data }].map((event, revision) =>
    teller.tell({
      event: recordedEvent(stream, event.type, event.data, revision),
      cursor: { at: revision + 1 },
    }),
  );
  const last = entries.at(-1);
  return last === undefined ? undefined : saidIn(JSON.parse(last) as Entry);
};
