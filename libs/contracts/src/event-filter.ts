import type { Ranges } from './work-events.js';

/**
 * What an event may be about, besides units and groups of its own stream. `workload-itself` are events of a workload that name none of its units
 * and groups, `unit` are units of other streams, `actor` is who made the change, `person` whom it is about, `request` and `cause` are the ids
 * of its correlation and its causation.
 */
export type EntityKind =
  ('workload' | 'workload-itself' | 'worker' | 'site' | 'person' | 'actor' | 'dialect' | 'type' | 'unit') | OriginKind;
/** There are about as many of these as events. */
export type OriginKind = 'request' | 'cause';

/** One text for what an event may be about, such as `worker:8f1c`. */
export type Entity = `${EntityKind}:${string}`;

/** What an event may be about: an entity, or a unit or group of a stream by its ordinal. */
export type EventSubject =
  Entity | { readonly part: 'unit' | 'group'; readonly stream: string; readonly ordinal: number };

/** Each names alternatives, and an event is wanted that is about one of each: of nothing, all events. */
export type EventFilter = readonly (readonly EventSubject[])[];

/** What of an event decides whether a filter wants it. */
export interface FilteredEvent {
  readonly stream: string;
  readonly entities: ReadonlySet<string>;
  /** Of the event's stream. */
  readonly units: Ranges;
  readonly groups: Ranges;
}

const includes = (ranges: Ranges, ordinal: number): boolean =>
  ranges.some(([first, last]) => first <= ordinal && ordinal <= last);

const isAbout = (event: FilteredEvent, subject: EventSubject): boolean => {
  if (typeof subject === 'string') return event.entities.has(subject);
  const { part, stream, ordinal } = subject;
  return event.stream === stream && includes(part === 'unit' ? event.units : event.groups, ordinal);
};

export const isWanted = (event: FilteredEvent, filter: EventFilter): boolean =>
  filter.every((alternatives) => alternatives.some((subject) => isAbout(event, subject)));
