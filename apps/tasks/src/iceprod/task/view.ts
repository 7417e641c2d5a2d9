import type { ReadyUnits } from '../../engine/ready.js';
import type { WorkerRecord } from '../../engine/retries.js';
import type { Unit, UnitKey } from '../../engine/unit.js';

/** Attributes of a unit that selections need. */
export interface Selected {
  readonly key: UnitKey;
  readonly status: string;
}

/** Attributes of a dataset that the rules need. */
export interface DatasetState {
  /** Undefined if the dataset was not submitted. */
  readonly status: string | undefined;
  readonly debug: boolean;
}

/** The state that task deciders read, with the effects of all earlier decisions. Synchronous and read-only. */
export interface TaskView {
  readonly ready: ReadyUnits;
  unit(id: string): Unit | undefined;
  /** Cheaper than `unit`, for many look-ups. Includes the dataset that lists it. */
  find(id: string): (Selected & { readonly workload: string }) | undefined;
  unitAt(key: UnitKey): Unit | undefined;
  dataset(datasetId: string): DatasetState;
  /** The time before which pilots that name themselves do not get a unit, or 0. */
  notBeforeMicros(key: UnitKey): number;
  pilot(id: string): WorkerRecord;
  /** Home stream of a unit. */
  streamOf(key: UnitKey): string;
  /** The stream in which a dataset's new work is recorded. */
  homeOf(datasetId: string): string;
  /** Ordinal of the next unit in it. */
  nextOrdinal(datasetId: string): number;
  /** All units that a dataset lists, in slices. */
  unitsOf(datasetId: string): Iterable<readonly Selected[]>;
  /** Those of one name. */
  unitsNamed(datasetId: string, name: string): Iterable<readonly Selected[]>;
  /** Those of one job. */
  unitsOfJob(datasetId: string, jobId: string): Iterable<readonly Selected[]>;
}
