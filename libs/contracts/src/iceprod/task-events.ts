import type { BlobReference, ConcernsUnits, Ranges } from '../work-events.js';

/** Tasks of one name got other requirements: given ones set, or all replaced (IceProd contract 7.7). */
export interface TaskRequirementsSet extends ConcernsUnits {
  readonly units: Ranges;
  readonly name: string;
  readonly mode: 'merge' | 'replace';
  /** Raw JSON of an object. */
  readonly requirements: string;
}

/**
 * Tasks got new priorities (IceProd contract 17). One event for many: the priority of each follows from the weight of its
 * dataset and from its own indexes. Without a weight they cannot run yet, and their priority is 0.
 */
export interface TasksPrioritized extends ConcernsUnits {
  readonly units: Ranges;
  readonly weight?: number;
  /** How many jobs and tasks the dataset has. */
  readonly jobs: number;
  readonly tasks: number;
}

/**
 * Statistics of a run were recorded (IceProd contract 8). `units` names the task when it is at home in the stream's dataset.
 */
export interface TaskStatRecorded extends ConcernsUnits {
  readonly task_stat_id: string;
  readonly task_id: string;
  readonly dataset_id: string;
  /** Raw JSON of an object, or its place in the blob store when over 128 KiB. */
  readonly stats: { readonly raw: string } | { readonly blob: BlobReference };
}

/** IceProd's own events of units in streams `work-iceprod.main.<dataset_id>`. */
export interface TaskEvents {
  readonly TaskRequirementsSet: TaskRequirementsSet;
  readonly TasksPrioritized: TasksPrioritized;
}

/** Events of statistics of tasks in the same streams. */
export interface TaskStatEvents {
  readonly TaskStatRecorded: TaskStatRecorded;
}
