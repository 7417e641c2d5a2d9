import { type Page, query } from '#bus/contract.js';

/** What a filter of events can name. */
export const FILTER_NAMES = [
  ...(['workload', 'unit', 'group', 'worker', 'site', 'person', 'object', 'actor'] as const),
  ...(['dialect', 'type', 'request', 'cause'] as const),
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/**
 * Which events are wanted: those that fulfil everything that is given. Each list names alternatives. A workload is named by its ref or its unique
 * id, units and groups by their public ids; `actor` is who made the change, `person` whom it is about, `dialect` that of the stream, `request`
 * and `cause` the ids of correlation and causation; an `object` is named as `ObjectName` says.
 */
export type HistoryFilter = { readonly [Name in FilterName]?: readonly string[] } & {
  /** Microseconds since the Unix epoch, inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly until?: number;
};

export const HISTORY_ORDERS = ['newest', 'oldest'] as const;
export type HistoryOrder = (typeof HISTORY_ORDERS)[number];

export const HISTORY_LIMIT_MAX = 1000;

/** All texts of places are those of history cursors. */
export interface ListEventsRequest extends HistoryFilter {
  readonly order: HistoryOrder;
  /** Most events of a page; it may have fewer although more follow. */
  readonly limit?: number;
  /** Only what took effect behind this. */
  readonly after?: string;
  /** Only what took effect up to here. */
  readonly up_to?: string;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface EventPage extends Page {
  /** What was looked at ends here, whether anything was found: what is recorded later is behind it. Only from the oldest on. */
  readonly looked_up_to?: string;
}

/** Events that the caller may read, as CloudEvents; an event takes effect, and has its place, where its batch was sealed. */
export const ListEvents = query<ListEventsRequest, EventPage>('events', 'history.events');
