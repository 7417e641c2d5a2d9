import type { MemberKey } from '../workload/member-key.js';

export type UnitKey = MemberKey;

/** The smallest thing that a worker runs. Pure state: what {@link evolve} makes and documents show. */
export interface Unit {
  /** Home and ordinal; never changes. */
  readonly key: UnitKey;
  readonly id: string;
  /** Public id of the workload that lists the unit: its home, until somebody moves it. */
  readonly workload: string;
  readonly group: string;
  readonly groupIndex: number;
  readonly index: number;
  readonly name: string;
  /** Raw JSON, normally of an array of public ids. */
  readonly depends: string;
  /** Raw JSON, normally of an object. */
  readonly requirements: string;
  readonly status: string;
  readonly priority: number;
  /** Ticket of the present claim, or empty. */
  readonly leaseId: string;
  readonly site: string;
  /** Microseconds since the Unix epoch. */
  readonly changedMicros: number;
  readonly failures: number;
  readonly evictions: number;
  readonly walltimeHours: number;
  readonly walltimeErrHours: number;
  readonly walltimeErrCount: number;
  /** Raw JSON of an object: fields that clients set and that have no place above, or not of the kind expected there. */
  readonly extra: string | undefined;
}
