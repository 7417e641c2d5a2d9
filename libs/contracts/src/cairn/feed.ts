import { query } from '#bus/contract.js';
import type { EventFilter } from '../event-filter.js';
import type { FilterName, HistoryFilter } from './audit.js';

/** Which events are wanted, and from where on. */
export interface FeedRequest extends Pick<HistoryFilter, FilterName> {
  /** Text of the place where the client left off; only new events without it. */
  readonly after?: string;
}

export interface OpenedFeed {
  /** What the names in the request stand for. */
  readonly filter: EventFilter;
  /** Text of the place where the stream begins. */
  readonly after: string;
}

/** Begins to follow: says what a filter means, and where the stream begins. */
export const OpenFeed = query<FeedRequest, OpenedFeed>('events', 'feed.open');
