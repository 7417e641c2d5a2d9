import type { QueueName } from './policy.js';
import type { UnitKey } from './unit.js';

/** What orders units that may be claimed: highest priority first, then the oldest, which has the lowest id. */
export interface ReadyEntry {
  readonly key: UnitKey;
  readonly priority: number;
  readonly id: string;
}

/** Ready units with equal matching attributes. A claim asks once per class, not per unit, whether they fit. */
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
  /** Grows whenever `classes` may answer differently. */
  readonly version: number;
  /** Grows whenever a class may have a better head than a caller was given. */
  readonly headVersion: number;
  /** Classes that have or lately had units. */
  classes(queue: QueueName): Iterable<ReadyClass>;
  head(ready: ReadyClass): ReadyEntry | undefined;
  /** Entries behind one, in order; from the head without it. `priority` leaves only those of that priority. */
  entries(ready: ReadyClass, after: ReadyEntry | undefined, limit: number, priority?: number): readonly ReadyEntry[];
}

/** Negative when `a` is to be taken before `b`. */
export const compareReady = (a: ReadyEntry, b: ReadyEntry): number =>
  b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
