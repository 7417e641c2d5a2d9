import type { MemberKey } from '../workload/member-key.js';

export type UnitKey = MemberKey;

/** The smallest thing that a worker runs, as plain state: {@link evolve} changes it and documents show it. */
export interface Unit {
  /** Home and ordinal; never changes. */
  readonly key: UnitKey;
  readonly id: string;
  /** Public id of the workload that lists the unit: its home, unless it was moved. */
  readonly workload: string;
  /** Public id of its group; empty when it belongs to none. */
  readonly group: string;
  readonly groupIndex: number;
  readonly index: number;
  /** Units of the same kind have the same name. Counts are kept by name. */
  readonly name: string;
  /** Raw JSON, normally of an array of public ids. */
  readonly depends: string;
  /** Raw JSON, normally of an object. */
  readonly requirements: string;
  readonly status: string;
  /** Distinguishes units of one status, for example by return code. Empty in dialects that do not. */
  readonly outcome: string;
  readonly priority: number;
  /** Identifies the current claim. Empty when no worker holds the unit. */
  readonly leaseId: string;
  /** The caller that holds the lease, as long as the unit is claimed or running. Empty when nobody is known to hold it. */
  readonly holder: string;
  readonly site: string;
  /** What offers are matched with besides requirements and site; empty where the dialect has none. */
  readonly label: string;
  /** Microseconds since the Unix epoch. */
  readonly changedMicros: number;
  readonly failures: number;
  readonly evictions: number;
  readonly walltimeHours: number;
  readonly walltimeErrHours: number;
  readonly walltimeErrCount: number;
  /** Raw JSON of an object: fields set by clients that have no property above, or another type than it. */
  readonly extra: string | undefined;
}
