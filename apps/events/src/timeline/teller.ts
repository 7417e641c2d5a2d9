import { createHash } from 'node:crypto';
import { formatTimestamp } from '#platform/clock.js';
import type { EventMetadata, RecordedEvent } from '#ledger/ledger.js';
import { partsOfStream } from '#ledger/ref.js';
import type { PartKind } from '#contracts/event-filter.js';
import type { ConcernsUnits } from '#contracts/work-events.js';
import type { EffectiveEvent } from '#event-sourcing/effective-events.js';
import { textOfCursor } from '#event-sourcing/history-cursor.js';
import type { EventsDialect } from '../dialect.js';
import { dialectNamed } from '../dialects.js';
import { type MentioningEvent, partsMentioned } from '../index/mentions.js';
import { type SubjectKind, type Words, wordsFor } from './description.js';
import { LeaseTracker } from './lease-tracker.js';
import { type Change, TimelineState } from './timeline-state.js';
import { indexIn, unitData } from './unit-data.js';

/** An earlier event that led to another one. Who did what is left out where the reader may not know it. */
export interface Step {
  readonly sequence: string;
  readonly id: string;
  readonly time: string;
  readonly event: string;
  readonly actor?: string;
  readonly sentence?: string;
}

/** Whose timeline it is. A part has another ordinal when it was removed and added again. Events of other streams may mention it. */
export type Told = { readonly id: string } & (
  | { readonly kind: PartKind; readonly stream: string; readonly ordinals: readonly number[] }
  | { readonly kind?: Exclude<SubjectKind, PartKind> }
);

/** Longer values are shown by their length and digest: the event has the new one, time travel shows the old one. */
const SHOWN_CHARACTERS_MAX = 16 * 1024;

/** Of a longer chain only its end is shown. */
const CHAIN_MAX = 16;

/** The declaration of the dialect in whose stream an event stands. */
export const dialectOf = ({ stream }: Pick<RecordedEvent, 'stream'>): EventsDialect | undefined =>
  dialectNamed(partsOfStream(stream).dialect);

const shownValue = (raw: string): string =>
  raw.length <= SHOWN_CHARACTERS_MAX
    ? raw
    : JSON.stringify({ characters: raw.length, sha256: createHash('sha256').update(raw).digest('hex') });

const changeText = ({ name, before, after }: Change): string => {
  const sides = [
    ...(before === undefined ? [] : [`"before":${shownValue(before)}`]),
    ...(after === undefined ? [] : [`"after":${shownValue(after)}`]),
  ];
  return `${JSON.stringify(name)}:{${sides.join(',')}}`;
};

const timeText = (micros: number): string => `${formatTimestamp(micros)}Z`;

/** What somebody did, as a sentence. */
const sentenceOf = (type: string, actor: string, data: object, words: Words, dialect: EventsDialect): string => {
  const description = dialect.descriptions[type];
  return `${actor} ${description?.what(data, words) ?? `recorded ${type}`}.`;
};

/** An event as a step of a chain of causes. */
export const stepOf = ({ event, cursor }: EffectiveEvent): Step => {
  const { id, type, data } = event;
  const { actor, timeMicros } = JSON.parse(event.metadata) as EventMetadata;
  const dialect = dialectOf(event);
  const sentence =
    dialect === undefined
      ? `${actor} recorded ${type}.`
      : sentenceOf(type, actor, JSON.parse(data) as object, wordsFor(dialect.nouns, undefined), dialect);
  return { sequence: textOfCursor(cursor), id, time: timeText(timeMicros), actor, event: type, sentence };
};

/** Tells the events of one subject one after the other, oldest first: each with what it changed. */
export class Teller {
  private readonly state = new TimelineState();
  private readonly leases = new LeaseTracker('');
  /** By type: the last event of it, with what had led to it. */
  private readonly latest = new Map<string, readonly Step[]>();

  constructor(private readonly told: Told) {}

  /**
   * The entry of the next event as raw JSON. Undefined when the event does not concern the subject.
   *
   * @param causes what led to the event according to ids of commands and requests, oldest first
   */
  tell(effective: EffectiveEvent, causes: readonly Step[] = []): string | undefined {
    const { event, cursor } = effective;
    const data = JSON.parse(event.data) as ConcernsUnits & Readonly<Record<string, unknown>>;
    const dialect = dialectOf(event);
    const metadata = JSON.parse(event.metadata) as EventMetadata;
    const index = this.indexOf({ ...event, data, metadata });
    if (index === undefined || dialect === undefined) return undefined;
    const { timeMicros, actor, issuer, causationId, correlationId } = metadata;
    const { kind, id } = this.told;
    const description = dialect.descriptions[event.type];
    const sets = description?.sets;
    const changed = kind && sets?.[kind]?.(data, { id, before: this.state.current, index });
    if (kind && sets?.[kind] !== undefined && changed === undefined) return undefined;
    const changes = changed === undefined ? [] : this.state.apply(changed);
    const sentence = sentenceOf(event.type, actor, data, wordsFor(dialect.nouns, kind), dialect);
    const time = timeText(timeMicros);
    const sequence = textOfCursor(cursor);
    const before = this.chainBehind(description?.follows?.(data));
    // The nearest cause in the timeline itself tells more than the request far behind.
    const why = before.length > 0 ? before : causes;
    // The last of the map is the latest event.
    this.latest.delete(event.type);
    this.latest.set(event.type, [...why, { sequence, id: event.id, time, actor, event: event.type, sentence }]);
    const head = {
      ...{ position: event.position, sequence, id: event.id, time, actor },
      ...(issuer !== undefined && { issuer }),
      ...{ event: event.type, sentence, cause: causationId, request: correlationId, why },
    };
    const shown = kind === 'unit' ? this.shownToUnit(event, data, index) : event.data;
    return `${JSON.stringify(head).slice(0, -1)},"changes":{${changes.map(changeText).join(',')}},"data":${shown}}`;
  }

  private indexOf(event: MentioningEvent): number | undefined {
    const { told } = this;
    if (!('stream' in told) || told.stream !== event.stream) return 0;
    const members = partsMentioned(told.kind, event);
    return told.ordinals.map((ordinal) => indexIn(members, ordinal)).find((index) => index !== undefined);
  }

  /** What led to the latest event of some types, and that event. */
  private chainBehind(types: readonly string[] = []): readonly Step[] {
    const latest = [...this.latest.keys()].findLast((type) => types.includes(type));
    return latest === undefined ? [] : (this.latest.get(latest) ?? []).slice(-CHAIN_MAX);
  }

  private shownToUnit(
    event: RecordedEvent,
    data: ConcernsUnits & Readonly<Record<string, unknown>>,
    index: number,
  ): string {
    const ended = this.leases.next(event.type, data);
    const own = dialectOf(event)?.descriptions[event.type]?.unitData?.(data, index) ?? data;
    return unitData({ ...own, ...(ended !== undefined && { ended_lease_id: ended }) });
  }
}
