/** Inclusive ordinal ranges, ascending and disjoint: `[[0, 4], [9, 9]]`. */
export type Ranges = readonly (readonly [number, number])[];

/**
 * Every event of a `work-` stream names the units that it concerns in `units`, and the groups in `groups`, by their ordinals.
 * The history finds the events of a unit by these fields alone, whatever the type.
 */
export interface ConcernsUnits {
  readonly units?: Ranges;
  readonly groups?: Ranges;
}

/** Groups were added to a workload: one per ordinal of the range, with indexes from `first_index` on. */
export interface GroupsAdded extends ConcernsUnits {
  readonly groups: Ranges;
  /** Public id of the workload: the name of the stream holds only a hash of a long one. */
  readonly workload_id: string;
  readonly first_index: number;
  readonly status: string;
  /** Public id of a single group, or the prefix from which `idAt` makes the ids of many, numbered from 0. */
  readonly ids: { readonly id: string } | { readonly prefix: string };
}

/** Groups changed their status. */
export interface GroupsMoved extends ConcernsUnits {
  readonly groups: Ranges;
  readonly status: string;
}

/** A client overwrote fields of one group: `fields` is raw JSON, dotted names set nested fields. */
export interface GroupAmended extends ConcernsUnits {
  readonly groups: Ranges;
  readonly fields: string;
}

/** Refers to a document in the blob store that is too large for an event. */
export interface BlobReference {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** A single unit was added, with everything that its creator chose. */
export interface UnitAdded extends ConcernsUnits {
  readonly units: Ranges;
  /** Public id of the workload: the name of the stream holds only a hash of a long one. */
  readonly workload_id: string;
  /** Public id of the unit. */
  readonly unit_id: string;
  /** Public id of its group; absent when it belongs to none. */
  readonly group_id?: string;
  readonly group_index?: number;
  readonly index: number;
  readonly name: string;
  /** Public ids of the units that this one depends on. */
  readonly depends: readonly string[];
  /** Raw JSON of an object. */
  readonly requirements: string;
  /** What offers are matched with besides requirements and site, in dialects that have it. */
  readonly label?: string;
  readonly status: string;
  readonly priority: number;
  /** Absent when nobody holds a lease. */
  readonly lease_id?: string;
}

/** What the units with the same index in their groups have in common. */
export interface UnitShape {
  readonly name: string;
  /** Indexes of the units of the same group that this one depends on. */
  readonly depends: readonly number[];
  /** Raw JSON of an object. */
  readonly requirements: string;
  /** What offers are matched with besides requirements and site, in dialects that have it. */
  readonly label?: string;
  readonly status: string;
  readonly priority: number;
}

/**
 * Many equal groups of units were added: unit `i` of the range has shape `i % shapes.length`, the id `idAt(prefix, i)`, and is
 * in group number `g = floor(i / shapes.length)` of this event.
 */
export interface UnitsAdded extends ConcernsUnits {
  readonly units: Ranges;
  /** Public id of the workload: the name of the stream holds only a hash of a long one. */
  readonly workload_id: string;
  readonly prefix: string;
  /** Group `g` has the id `idAt(prefix, first + g)` and the index `first_index + g`. Absent for units that belong to no group. */
  readonly group_ids?: { readonly prefix: string; readonly first: number; readonly first_index: number };
  readonly shapes: readonly UnitShape[];
}

/** A worker claimed units. The lease says which claim holds them. */
export interface UnitsClaimed extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly lease_id: string;
  /** Names the caller that claimed them, as `leaseHolderOf` does. Absent in events of earlier versions. */
  readonly holder?: string;
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
  /** In dialects where a status has several outcomes. Status and outcome together decide about phase and dependencies. */
  readonly outcome?: string;
  /** How long the attempt ran. */
  readonly hours?: number;
  /** Raw JSON: what the attempt used, as reported. */
  readonly resources?: string;
  /** Raw JSON: what the unit asks for from now on. Absent when nothing changes. */
  readonly requirements?: string;
  /** Names of requirements that were raised only up to a limit. */
  readonly limited?: readonly string[];
  readonly site?: string;
  readonly reason?: string;
  /** The worker that ran it, if it has named itself. */
  readonly worker_id?: string;
  /** How long workers that name themselves do not get the unit again. */
  readonly retry_after_seconds?: number;
  /** How long this worker is paused, because its last runs have all failed. */
  readonly worker_pause_seconds?: number;
}

/** A unit has run to its end successfully. */
export interface UnitSucceeded extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly outcome?: string;
  readonly hours?: number;
  readonly site?: string;
  /** The worker that ran it, if it has named itself. */
  readonly worker_id?: string;
}

/** Units were set to another status. */
export interface UnitsMoved extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly outcome?: string;
  /** Which fields of the units are emptied. */
  readonly clears?: readonly ('lease' | 'failures' | 'site')[];
  /** The lease of the run that this ended, of a single unit. With many, the history finds what `clears` has ended. */
  readonly ended_lease_id?: string;
}

/** Units lost their worker: the attempt ended without a failure of their own. */
export interface UnitsEvicted extends ConcernsUnits {
  readonly units: Ranges;
  readonly status: string;
  readonly reason: string;
}

/** A client overwrote fields of one unit: `fields` is raw JSON, dotted names set nested fields. */
export interface UnitAmended extends ConcernsUnits {
  readonly units: Ranges;
  readonly fields: string;
  /** The lease of the run that this ended. */
  readonly ended_lease_id?: string;
}

/** Units depend on others of the same workload from now on. Their documents do not change. */
export interface UnitsLinked extends ConcernsUnits {
  /** The dependents. */
  readonly units: Ranges;
  /** Ordinals. */
  readonly links: readonly (readonly [blocker: number, dependent: number])[];
}

/** Units do not depend on others any more. */
export interface UnitsUnlinked extends ConcernsUnits {
  /** The dependents. */
  readonly units: Ranges;
  /** Ordinals. */
  readonly links: readonly (readonly [blocker: number, dependent: number])[];
}

/** Units were removed, and all dependencies on them and of them. Their ordinals are not used again. */
export interface UnitsRemoved extends ConcernsUnits {
  readonly units: Ranges;
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
  readonly UnitsLinked: UnitsLinked;
  readonly UnitsUnlinked: UnitsUnlinked;
  readonly UnitsRemoved: UnitsRemoved;
}

/** Events of groups in streams `work-<ref>`. */
export interface GroupEvents {
  readonly GroupsAdded: GroupsAdded;
  readonly GroupsMoved: GroupsMoved;
  readonly GroupAmended: GroupAmended;
}
