import type { ConcernsUnits, Ranges } from '../work-events.js';

/**
 * Events of event ranges (contract 3.6, 4.3, 5), in the stream of their task. A range is named by its ordinal among the ranges of the task, in the order
 * in which they were cut; so that hundred thousand of them are a few numbers.
 */

/**
 * The ranges of one record, one after the other: range `k` has the events from `first_event + k * size` on, `size` of them or as many as are left.
 * Events count from 1.
 */
export interface RecordCut {
  readonly file_id: number;
  readonly dataset_id: number;
  readonly first_event: number;
  readonly last_event: number;
  readonly size: number;
  /** Ranges by their number `k` that are done already, and are left out (contract 5.5, notDiscardEvents). Their ordinals are not used. */
  readonly left_out?: Ranges;
}

/** The records of a jobset were cut into ranges, with ordinals from `first` on. They are ready. */
export interface RangesCut {
  readonly jobset_id: number;
  readonly first: number;
  /** How often each may be tried. */
  readonly attempts: number;
  readonly records: readonly RecordCut[];
}

/** Ready ranges were given to a job: they are sent, and named by its PandaID. */
export interface RangesAcquired extends ConcernsUnits {
  readonly panda_id: number;
  readonly ranges: Ranges;
}

/** What ranges have become, as a pilot or harvester reports it. All of them have the same values. */
export interface RangeReport {
  readonly ranges: Ranges;
  readonly status: 'finished' | 'failed';
  /** No further attempt can succeed. */
  readonly is_fatal?: true;
  readonly error_code?: number;
  readonly error_diag?: string;
  readonly object_store?: number;
  readonly path_convention?: number;
  /** The file that holds their outputs: its place in `zips` of the same event. */
  readonly zip?: number;
}

/** A file with the outputs of many ranges (contract 5.2). */
export interface RangeZip {
  readonly lfn: string;
  /** `3`, or joined with a path convention: `3/1000`. */
  readonly object_store: string;
  readonly fsize?: number;
  readonly checksum?: string;
  readonly n_events?: number;
}

/** A job reported about ranges. */
export interface RangesReported extends ConcernsUnits {
  readonly panda_id: number;
  readonly reports: readonly RangeReport[];
  readonly zips?: readonly RangeZip[];
}

/**
 * A job gave back its ranges at its end: finished ones are done; of the others those with attempts left are ready again, under their jobset and with one
 * attempt less, and those without are fatal.
 */
export interface RangesReleased extends ConcernsUnits {
  readonly panda_id: number;
}

/** The outputs of a jobset were merged: its done ranges are merged. */
export interface RangesMerged extends ConcernsUnits {
  readonly jobset_id: number;
}

/**
 * The ranges of records were given up: finished and done ones are discarded, open ones cancelled. Without `files` it concerns all of the task, and
 * discards all.
 */
export interface RangesDiscarded {
  /** Ids of files. */
  readonly files?: Ranges;
  /** Finished ranges are done, and done ones stay. */
  readonly keeps_finished?: true;
}

/** The first clone of a jobset that ran, or stored its output, has taken the jobset's semaphore (contract 5.4). */
export interface CloneChosen extends ConcernsUnits {
  readonly jobset_id: number;
  readonly panda_id: number;
}

/** Events of event ranges, by type. */
export interface RangeEvents {
  readonly RangesCut: RangesCut;
  readonly RangesAcquired: RangesAcquired;
  readonly RangesReported: RangesReported;
  readonly RangesReleased: RangesReleased;
  readonly RangesMerged: RangesMerged;
  readonly RangesDiscarded: RangesDiscarded;
  readonly CloneChosen: CloneChosen;
}
