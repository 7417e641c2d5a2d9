import type { MemberKey } from '../workload/member-key.js';

export type UnitKey = MemberKey;

/** The smallest thing that a worker runs. Pure state: what {@link evolve} makes and documents show. */
export interface Unit {
  /** Home and ordinal; never changes. */
  readonly key: UnitKey;
  readonly id: string;
  /** Public id of the workload that lists the unit: its home, until somebody moves it. */
  readonly workload: string;
  /** Public id of its group; empty when it belongs to none. */
  readonly group: string;
  readonly groupIndex: number;
  readonly index: number;
  /** What counts are kept by: units of the same kind have the same name. */
  readonly name: string;
  /** Raw JSON, normally of an array of public ids. */
  readonly depends: string;
  /** Raw JSON, normally of an object. */
  readonly requirements: string;
  readonly status: string;
  /** Tells ends of one status apart (a return code, say); empty where the dialect does not. */
  readonly outcome: string;
  readonly priority: number;
  /** Names the present claim; empty when nobody holds one. */
  readonly leaseId: string;
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
  /** Raw JSON of an object: fields that clients set and that have no property above, or not one of their kind. */
  readonly extra: string | undefined;
}
