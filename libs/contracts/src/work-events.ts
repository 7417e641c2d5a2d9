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

/** A single unit was added, with everything that its creator chose. */
export interface UnitAdded extends ConcernsUnits {
  readonly units: Ranges;
  readonly dataset_id: string;
  readonly task_id: string;
  readonly job_id: string;
  readonly job_index: number;
  readonly task_index: number;
  readonly name: string;
  /** Public ids of the units that must be complete first. */
  readonly depends: readonly string[];
  /** Raw JSON of an object. */
  readonly requirements: string;
  readonly status: string;
  readonly priority: number;
  /** Absent when empty. */
  readonly instance_id?: string;
}

/** What the units at one place of their jobs have in common. */
export interface UnitShape {
  readonly name: string;
  /** Places in the same job. */
  readonly depends: readonly number[];
  /** Raw JSON of an object. */
  readonly requirements: string;
  readonly status: string;
  readonly priority: number;
}

/**
 * Many jobs got the same tasks: unit `i` of the range has shape `i % shapes.length` and belongs to job
 * `floor(i / shapes.length)`. Its id is `idAt(prefix, i)`, its job's `idAt(jobs.prefix, jobs.first + its job)`.
 */
export interface UnitsAdded extends ConcernsUnits {
  readonly units: Ranges;
  readonly dataset_id: string;
  readonly prefix: string;
  readonly jobs: { readonly prefix: string; readonly first: number; readonly first_index: number };
  readonly shapes: readonly UnitShape[];
}

/** Units were handed to somebody who asked for work. */
export interface UnitsClaimed extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly instance_id: string;
  readonly site: string;
}

/** A worker began to run a unit. */
export interface UnitStarted extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly site?: string;
}

/** An attempt failed; `status` says what comes next. */
export interface UnitFailed extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  /** How long the attempt ran. */
  readonly hours?: number;
  /** Raw JSON: what the attempt used, as reported. */
  readonly resources?: string;
  /** Raw JSON: what the unit asks for from now on. Absent when nothing changes. */
  readonly requirements?: string;
  readonly site?: string;
  readonly reason?: string;
}

/** The work of a unit is done. */
export interface UnitSucceeded extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly hours?: number;
  readonly site?: string;
}

/** Somebody moved units to another status. */
export interface UnitsMoved extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  /** What is wiped out on the way. */
  readonly clears?: readonly ('instance' | 'failures' | 'site')[];
}

/** The worker that ran units is gone; nobody knows of a failure of theirs. */
export interface UnitsEvicted extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly reason: string;
}

/** A client overwrote fields of one unit: `fields` is raw JSON, dotted names set nested fields. */
export interface UnitAmended extends ConcernsUnits {
  readonly units: Ranges;
  readonly fields: string;
}

/** Units of one name got other requirements: given ones set, or all replaced (IceProd contract 7.7). */
export interface RequirementsSet extends ConcernsUnits {
  readonly units: Ranges;
  readonly name: string;
  readonly mode: 'merge' | 'replace';
  /** Raw JSON of an object. */
  readonly requirements: string;
}

/**
 * Units got their places in the order of work. One fact for many: what each unit's priority is follows from the weight of
 * its workload and from its own indexes. Without a weight they cannot run yet, and have none.
 */
export interface UnitsPrioritized extends ConcernsUnits {
  readonly units: Ranges;
  readonly weight?: number;
  /** Size of the workload. */
  readonly jobs: number;
  readonly tasks: number;
}

/** Events of units in streams `work-<ref>`: the engine's. */
export interface UnitEvents {
  readonly UnitAdded: UnitAdded;
  readonly UnitsAdded: UnitsAdded;
  readonly UnitsClaimed: UnitsClaimed;
  readonly UnitStarted: UnitStarted;
  readonly UnitFailed: UnitFailed;
  readonly UnitSucceeded: UnitSucceeded;
  readonly UnitsMoved: UnitsMoved;
  readonly UnitsEvicted: UnitsEvicted;
  readonly UnitAmended: UnitAmended;
  readonly RequirementsSet: RequirementsSet;
  readonly UnitsPrioritized: UnitsPrioritized;
}

/** Events of jobs and stats in streams `work-iceprod.main.<dataset_id>`. */
export interface GroupEvents {
  readonly GroupsAdded: GroupsAdded;
  readonly GroupsMoved: GroupsMoved;
  readonly GroupAmended: GroupAmended;
  readonly StatsRecorded: StatsRecorded;
}
