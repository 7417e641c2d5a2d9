import type { ReadyUnits } from '../../engine/ready.js';
import type { WorkerRecord } from '../../engine/retries.js';
import type { Unit, UnitKey } from '../../engine/unit.js';

/** What selecting needs to know of a unit. */
export interface Selected {
  readonly key: UnitKey;
  readonly status: string;
}

/** What the rules must know of a dataset. */
export interface DatasetState {
  /** Whether somebody has submitted it, and with which status it stands; absent for an id without a dataset. */
  readonly status: string | undefined;
  readonly debug: boolean;
}

/** The state that task deciders look at, with the effects of everything decided before. Synchronous and read-only. */
export interface TaskView {
  readonly ready: ReadyUnits;
  unit(id: string): Unit | undefined;
  /** Less than the unit, for those who look up many: with the dataset that lists it. */
  find(id: string): (Selected & { readonly workload: string }) | undefined;
  unitAt(key: UnitKey): Unit | undefined;
  dataset(datasetId: string): DatasetState;
  /** The time before which pilots that name themselves do not get a unit; 0 when nothing keeps it. */
  notBeforeMicros(key: UnitKey): number;
  pilot(id: string): WorkerRecord;
  /** Home stream of a unit. */
  streamOf(key: UnitKey): string;
  /** The stream in which a dataset's new work is recorded. */
  homeOf(datasetId: string): string;
  /** Number of the next unit in it. */
  nextOrdinal(datasetId: string): number;
  /** All units that a dataset lists, in slices. */
  unitsOf(datasetId: string): Iterable<readonly Selected[]>;
  /** Those of one name. */
  unitsNamed(datasetId: string, name: string): Iterable<readonly Selected[]>;
  /** Those of one job. */
  unitsOfJob(datasetId: string, jobId: string): Iterable<readonly Selected[]>;
}
