import type { Ranges } from './work-events.js';

/**
 * What an event may be about, besides units, groups and documents of its own stream. `workload-itself` are events of a workload that name none of its units
 * and groups, `unit` are units of other streams, `actor` is who made the change, `person` whom it is about, `request` and `cause` are the ids
 * of its correlation and its causation.
 */
export type EntityKind =
  ('workload' | 'workload-itself' | 'worker' | 'site' | 'person' | 'actor' | 'dialect' | 'type' | 'unit') | RareKind;
/** There are about as many of these as events, and few events about each. */
export type RareKind = 'request' | 'cause' | 'object';

/** One text for what an event may be about, such as `worker:8f1c`. */
export type Entity = `${EntityKind}:${string}`;
export type RareEntity = `${RareKind}:${string}`;

/** What a stream numbers: each kind from ordinals of its own. */
export type PartKind = 'unit' | 'group' | 'document';

/** What an event may be about: an entity, or a part of a stream by its ordinal. */
export type EventSubject = Entity | { readonly part: PartKind; readonly stream: string; readonly ordinal: number };

/** Each names alternatives, and an event is wanted that is about one of each: of nothing, all events. */
export type EventFilter = readonly (readonly EventSubject[])[];

/** What of an event decides whether a filter wants it. */
export interface FilteredEvent {
  readonly stream: string;
  readonly entities: ReadonlySet<string>;
  /** Of the event's stream. */
  readonly units: Ranges;
  readonly groups: Ranges;
  readonly documents: Ranges;
}

const includes = (ranges: Ranges, ordinal: number): boolean =>
  ranges.some(([first, last]) => first <= ordinal && ordinal <= last);

const isAbout = (event: FilteredEvent, subject: EventSubject): boolean => {
  if (typeof subject === 'string') return event.entities.has(subject);
  const { part, stream, ordinal } = subject;
  const { units, groups, documents } = event;
  return event.stream === stream && includes({ unit: units, group: groups, document: documents }[part], ordinal);
};

export const isWanted = (event: FilteredEvent, filter: EventFilter): boolean =>
  filter.every((alternatives) => alternatives.some((subject) => isAbout(event, subject)));
