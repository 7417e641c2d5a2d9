import { type Page, query } from '#bus/contract.js';
import type { UnitHome } from './history.js';

/** What has a timeline. `access` are the rules of a workload, `request` everything that followed from one request. */
export type TimelineKind =
  'unit' | 'group' | 'workload' | 'worker' | 'site' | 'person' | 'object' | 'access' | 'request';

export const TIMELINE_LIMIT_MAX = 1000;

export interface TimelineRequest {
  readonly kind: TimelineKind;
  /**
   * Public id; of a workload, or its access rules, its ref or its unique id; of a request its correlation id; of an object its `ObjectName`.
   */
  readonly id: string;
  /** Of a unit whose read rule has been checked: without it the history looks for the id, and checks the rule of the unit's first workload. */
  readonly home?: UnitHome;
  /** Most entries of a page; it may have fewer although more follow. */
  readonly limit?: number;
  /** `next` of the page before, or the `sequence` of any entry: only what is behind it. */
  readonly cursor?: string;
}

/**
 * Entries as raw JSON, oldest first: `{position, sequence, id, time, actor, issuer?, event, sentence, cause, request, why, changes, data}`. Refused with
 * `not-found` when there is nothing that the caller may read, and with `forbidden` when the caller may not read the subject.
 */
export const ReadTimeline = query<TimelineRequest, Page>('events', 'timeline.read');
