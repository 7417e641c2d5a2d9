import type { QueueName } from './policy.js';
import type { UnitKey } from './unit.js';

/** A unit that may be claimed. Order: highest priority first, then the oldest, which has the lowest id. */
export interface ReadyEntry {
  readonly key: UnitKey;
  readonly priority: number;
  readonly id: string;
}

/** Ready units with the same attributes. A claim matches each class once, not each unit. */
export interface ReadyClass {
  readonly workload: string;
  /** Raw JSON. */
  readonly requirements: string;
  readonly site: string;
  readonly label: string;
  /** Whether dependencies of its units are open. */
  readonly isBlocked: boolean;
  /** Whether its units still have the lease of an earlier claim. */
  readonly isLeased: boolean;
}

/** The ready queue as deciders see it. */
export interface ReadyUnits {
  /** Changes whenever `classes` may return something else. */
  readonly version: number;
  /** Changes whenever a class may have a better head than it last returned. */
  readonly headVersion: number;
  /** Classes that have units, and some that no longer have any. */
  classes(queue: QueueName): Iterable<ReadyClass>;
  head(ready: ReadyClass): ReadyEntry | undefined;
  /** Entries after `after`, or from the head, in order. With `priority` only entries of that priority. */
  entries(ready: ReadyClass, after: ReadyEntry | undefined, limit: number, priority?: number): readonly ReadyEntry[];
}

/** Negative when `a` comes before `b`. */
export const compareReady = (a: ReadyEntry, b: ReadyEntry): number =>
  b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
