/** Inclusive ordinal ranges, ascending and disjoint: `[[0, 4], [9, 9]]`. */
export type Ranges = readonly (readonly [number, number])[];

/**
 * Every event of a `work-` stream that concerns units names them in `units` (and groups in `groups`): the history finds a
 * unit's events by this alone, whatever the type.
 */
export interface ConcernsUnits {
  readonly units?: Ranges;
  readonly groups?: Ranges;
}

/** Jobs of an IceProd dataset came to be: one per ordinal of the range, with job indexes from `first_index` on. */
export interface GroupsAdded extends ConcernsUnits {
  readonly groups: Ranges;
  /** Names the workload for whoever sees its first event (long ids are hashed in the stream's name). */
  readonly dataset_id: string;
  readonly first_index: number;
  readonly status: string;
  /** Public id of a single job, or what `idAt` makes the ids of many jobs from, numbered from 0. */
  readonly ids: { readonly id: string } | { readonly prefix: string };
}

/** Jobs changed their status. */
export interface GroupsMoved extends ConcernsUnits {
  readonly groups: Ranges;
  readonly status: string;
}

/** A client overwrote fields of one job: `fields` is raw JSON, dotted names set nested fields. */
export interface GroupAmended extends ConcernsUnits {
  readonly groups: Ranges;
  readonly fields: string;
}

/** A run left a record behind. `units` names its task if the task is one of this workload. */
export interface StatsRecorded extends ConcernsUnits {
  readonly task_stat_id: string;
  readonly task_id: string;
  readonly dataset_id: string;
  /** Raw JSON of an object, or its place in the blob store when over 128 KiB. */
  readonly stats: { readonly raw: string } | { readonly blob: BlobPlace };
}

/** Where a document stands that is too large for an event. */
export interface BlobPlace {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** Events of jobs and stats in streams `work-iceprod.main.<dataset_id>`; those of tasks stand beside the engine. */
export interface GroupEvents {
  readonly GroupsAdded: GroupsAdded;
  readonly GroupsMoved: GroupsMoved;
  readonly GroupAmended: GroupAmended;
  readonly StatsRecorded: StatsRecorded;
}
