import { query } from '#bus/contract.js';
import type { Ranges } from './work-events.js';
import type { EventFilter } from './event-filter.js';
import type { EventReaders } from './event-readers.js';

/** An event of the feed, with what decides who gets it. */
export interface FeedEntry {
  /** Text of the place behind the event. */
  readonly cursor: string;
  readonly stream: string;
  readonly type: string;
  /** CloudEvent: raw JSON. */
  readonly text: string;
  /** When it was read. */
  readonly readers: EventReaders;
  /** What the event is about, such as `worker:8f1c`. */
  readonly entities: readonly string[];
  /** Units, groups and documents of its stream that it is about. */
  readonly units: Ranges;
  readonly groups: Ranges;
  readonly documents: Ranges;
}

export interface FeedPage {
  /** In order of effect. Events that are not wanted may be among them. */
  readonly entries: readonly FeedEntry[];
  /** The text of the place behind everything that was looked at: go on behind it. */
  readonly upTo: string;
}

/** Code of the error about a place that the history does not have, or not any more: an older backup of the ledger was restored, or it was moved. */
export const UNKNOWN_PLACE = 'feed.unknown-place';

/**
 * All events behind a place, as soon as there are some: after a while without any the page is empty. Without a place, an empty page that ends where
 * the history ends now. For gateways, which choose who gets what.
 */
export const FollowFeed = query<{ readonly after?: string }, FeedPage>('events', 'feed.follow');

/** Events behind a place that a filter wants, as many as there are. */
export const ReadFeed = query<{ readonly after: string; readonly filter: EventFilter }, FeedPage>(
  'events',
  'feed.read',
);
