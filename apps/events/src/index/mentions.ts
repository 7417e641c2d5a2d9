import type { EventMetadata } from '#ledger/ledger.js';
import { partsOfStream, ref, type StreamCategory, unescapedId } from '#ledger/ref.js';
import type { Entity, EntityKind, PartKind, RareEntity } from '#contracts/event-filter.js';
import type { ConcernsUnits, Ranges } from '#contracts/work-events.js';
import { dialectNamed } from '../dialects.js';
import type { Mentioned, NamedPart } from './mentioned.js';

export const entity = (kind: EntityKind, name: string): Entity => `${kind}:${name}`;

/** Everything that an event is about. */
export interface Mentions {
  readonly entities: ReadonlySet<Entity>;
  /** Those of kinds that are rare: the request, the cause, and objects. */
  readonly rare: readonly RareEntity[];
  /** Of the event's stream. */
  readonly units: Ranges;
  readonly groups: Ranges;
  readonly documents: Ranges;
  readonly named: Iterable<NamedPart>;
}

/** What is needed of an event to say what it is about; `data` is parsed. */
export interface MentioningEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: EventMetadata;
}

const OF_WORKLOADS: ReadonlySet<StreamCategory> = new Set(['workload', 'work', 'access', 'ranges']);

const NOTHING: Mentioned = {};
const NONE: readonly never[] = [];

const isName = (name: string | number | null | undefined): name is string | number =>
  name !== undefined && name !== null && name !== '';

/** Elsewhere members of these names hold other things, such as the groups of a user. */
const concerned = (category: StreamCategory, data: MentioningEvent['data']): ConcernsUnits =>
  category === 'work' ? data : {};

/** The parts of one kind, of the event's stream, that {@link mentionsOf} finds. */
export const partsMentioned = (kind: PartKind, event: MentioningEvent): Ranges => {
  if (kind === 'document') return mentionsOf(event).documents;
  const { units = NONE, groups = NONE } = concerned(partsOfStream(event.stream).category, event.data);
  return kind === 'unit' ? units : groups;
};

export const mentionsOf = ({ stream, type, data, metadata }: MentioningEvent): Mentions => {
  const { category, dialect, namespace, id: home, ref: own } = partsOfStream(stream);
  // The type decides which data an event has.
  const mentioned = dialectNamed(dialect)?.mentions[type]?.(data as never, unescapedId(home)) ?? NOTHING;
  const { units = NONE, groups = NONE } = concerned(category, data);
  const entities = new Set<Entity>([`type:${type}`, `dialect:${dialect}`, `actor:${metadata.actor}`]);
  const add = (kind: EntityKind, names: Mentioned['workers'] = NONE): void => {
    for (const name of names) if (isName(name)) entities.add(`${kind}:${name}`);
  };
  if (OF_WORKLOADS.has(category) && namespace === 'main') {
    entities.add(`workload:${own}`);
    if (units.length === 0 && groups.length === 0) entities.add(`workload-itself:${own}`);
  }
  for (const id of mentioned.workloads ?? NONE)
    if (isName(id)) entities.add(`workload:${ref(dialect, 'main', `${id}`)}`);
  add('worker', mentioned.workers);
  add('site', mentioned.sites);
  add('person', mentioned.people);
  add('unit', mentioned.units);
  const { objects = NONE, documents = NONE, named = NONE } = mentioned;
  const rare: RareEntity[] = [`request:${metadata.correlationId}`, `cause:${metadata.causationId}`];
  for (const name of objects) rare.push(`object:${name}`);
  return { entities, rare, units, groups, documents, named };
};
