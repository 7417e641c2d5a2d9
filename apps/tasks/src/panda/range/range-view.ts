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

/** The records of a jobset as they were cut. */
export interface Jobset {
  readonly id: number;
  readonly workload: WorkloadId;
  /** Ordinals of its ranges, both inclusive; some of them may not exist. */
  readonly first: number;
  readonly last: number;
  /** How many of its ranges are in a status. Those that were never cut count nowhere. */
  readonly counts: Readonly<Partial<Record<RangeStatus, number>>>;
  /** The clone that has taken its semaphore (contract 5.4). */
  readonly chosenClone: number | null;
}

export interface RangeSelection {
  /** The jobset, or the whole task. */
  readonly from: Jobset | WorkloadId;
  readonly datasetId?: number;
  readonly isScattered?: boolean;
  readonly limit: number;
}

/** What deciders read of event ranges. */
export interface RangeView {
  /** The ordinal of the next range of a task. */
  nextOrdinal(workload: WorkloadId): number;
  jobset(id: number): Jobset | undefined;
  /** How many ranges of a jobset or a whole task are ready. */
  countReady(from: Jobset | WorkloadId): number;
  /** Ready ranges in order of their ordinals, or in random order. */
  ready(selection: RangeSelection): readonly EventRange[];
  /** The ranges that a job has or had last. */
  ofJob(pandaId: number, options?: { readonly after?: number; readonly limit?: number }): readonly EventRange[];
  /** How many ranges of a job are in a status. */
  countsOfJob(pandaId: number): Readonly<Partial<Record<RangeStatus, number>>>;
  /** The ranges that were cut of a record with this `job_processID`, of the newest jobset first. */
  find(workload: WorkloadId, fileId: number, processId: number): readonly EventRange[];
  /** Numbers `k` of the ranges of this size of a record that are finished or done. */
  finishedOf(workload: WorkloadId, fileId: number, size: number): Ranges;
  /** Whether ranges of a record were cut that have not been given up. */
  hasRanges(workload: WorkloadId, fileId: number): boolean;
}
