import type { RangeZip } from '#contracts/panda/range-events.js';
import type { RangeStatus } from '#contracts/panda/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** An event range (contract 3.6). */
export interface EventRange {
  /** Among the ranges of its task. */
  readonly ordinal: number;
  /** The job that has or had it, or its jobset. */
  readonly pandaId: number;
  readonly jobsetId: number;
  readonly fileId: number;
  readonly processId: number;
  /** Attempts that are left. */
  readonly attemptNr: number;
  readonly status: RangeStatus;
  /** Its events, both inclusive, from 1. */
  readonly firstEvent: number;
  readonly lastEvent: number;
  readonly errorCode: number | null;
  readonly errorDiag: string | null;
}

export type RangeCounts = Readonly<Partial<Record<RangeStatus, number>>>;

/** The records of a jobset as they were cut. */
export interface Jobset {
  readonly id: number;
  readonly workload: WorkloadId;
  /** Ordinals of its ranges, both inclusive; some of them may not exist. */
  readonly first: number;
  readonly last: number;
  /** How many of its ranges are in a status. */
  readonly counts: RangeCounts;
  /** The clone that has taken its semaphore (contract 5.4). */
  readonly chosenClone: number | null;
}

/** The ranges of one record in a jobset: `size` events each, with ordinals from `first` on. */
export interface RecordRanges {
  readonly jobsetId: number;
  readonly fileId: number;
  readonly first: number;
  readonly count: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
  readonly size: number;
}

export interface RangeSelection {
  /** The jobset, or the whole task. */
  readonly from: Jobset | WorkloadId;
  readonly datasetId?: number;
  /** The ordinal behind which they begin. */
  readonly after?: number;
  /** In random order. */
  readonly isScattered?: boolean;
  readonly limit: number;
}

/** What deciders and answers read of event ranges. Lists are in order of ordinals, behind `after` where it is given. */
export interface RangeView {
  /** The ordinal of the next range of a task. */
  nextOrdinal(workload: WorkloadId): number;
  jobset(id: number): Jobset | undefined;
  countReady(from: Jobset | WorkloadId): number;
  ready(selection: RangeSelection): readonly EventRange[];
  /** The ranges that a job has, or had last. */
  ofJob(workload: WorkloadId, pandaId: number, after: number | undefined, limit: number): readonly EventRange[];
  /** The ranges of a jobset that no job has. */
  unacquired(jobset: Jobset, after: number | undefined, limit: number): readonly EventRange[];
  /** How many ranges a job or jobset has in each status. */
  countsOf(owner: number): RangeCounts;
  /** How a record was cut, in its newest jobset first. */
  recordsOf(workload: WorkloadId, fileId: number): readonly RecordRanges[];
  /** Undefined for a range that was left out. */
  at(workload: WorkloadId, record: RecordRanges, ordinal: number): EventRange | undefined;
  /** Numbers `k` of the ranges of this size of a record that are finished or done. */
  finishedOf(workload: WorkloadId, fileId: number, size: number): Ranges;
  /** Whether a record has ranges that have not been given up. */
  hasRanges(workload: WorkloadId, fileId: number): boolean;
  /** Whether among the ranges that a job has not finished are some without further attempts, and some with. */
  unfinishedOf(pandaId: number): { readonly isAnyHopeless: boolean; readonly isAnyHopeful: boolean };
  /** The files with outputs of many ranges that a job has reported. */
  zipsOf(pandaId: number): readonly RangeZip[];
}
