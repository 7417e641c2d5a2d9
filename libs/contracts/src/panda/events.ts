import type {
  ConcernsUnits,
  Ranges,
  UnitFailed,
  UnitsClaimed,
  UnitsMoved,
  UnitStarted,
  UnitSucceeded,
} from '../work-events.js';
import type { JobAttributes } from './job-attributes.js';
import type { JobStatus, TaskFileStatus, TaskStatus } from './statuses.js';
import type { TaskAttributes } from './task-attributes.js';

/**
 * Events of streams `work-panda.main.<jediTaskID>`: everything of a task, its files and its jobs. Jobs that were submitted without a task are in
 * streams `work-panda.main.jobs-<PandaID of the first>`. Events of event ranges are in `range-events.ts`.
 *
 * `set` has the attributes that change, under their public names. The time of the event is set by itself: of any event of a task or job as its
 * `modificationTime`, of one that changes its status as `stateChangeTime`.
 *
 * Ids of tasks, PandaIDs, ids of datasets, of files and of rows of job files are numbers of global sequences. The next of each is the greatest that an
 * event has named, plus one (`PandaView.next`).
 */

/** A task was submitted. Its document is the text `parameters`. */
export interface TaskSubmitted {
  readonly workload_id: string;
  readonly task_id: number;
  readonly set: TaskAttributes;
}

/** A task got another status. */
export interface TaskMoved {
  readonly status: TaskStatus;
  readonly set?: TaskAttributes;
  /** Why, for the status log (D31). */
  readonly reason?: string;
  /** The command that it carries out. */
  readonly command?: TaskCommandName;
}

/** A task's attributes changed, but not its status. */
export interface TaskAmended {
  readonly set: TaskAttributes;
  readonly reason?: string;
}

/** Texts of a task: its document as submitted, and what refinement has made of it (raw JSON of a `JobTemplate`). */
export type TaskTextName = 'parameters' | 'template';

/** Texts of a job. `report` is the output report that waits for the adder, or that it has used. */
export type JobTextName = 'report' | 'metadata' | 'pilot_log' | 'stdout';

/** A text of the task, or of the one job that `units` names, was stored in place of the one before. */
export interface TextStored extends ConcernsUnits {
  readonly name: TaskTextName | JobTextName;
  readonly text: string;
  /** It is too long for one event and goes on in `TextContinued` of the same change. */
  readonly goes_on?: true;
}

/** A text that is too long for one event goes on. */
export interface TextContinued extends ConcernsUnits {
  readonly name: TaskTextName | JobTextName;
  readonly text: string;
  readonly goes_on?: true;
}

export type DatasetType =
  | ('input' | 'pseudo_input' | 'pp_input' | 'trn_input' | 'random_seed' | 'output' | 'log' | 'lib')
  | ('tmpl_output' | 'tmpl_log' | 'trn_output' | 'trn_log');

export type DatasetStatus =
  'defined' | 'toupdate' | 'ready' | 'pending' | 'running' | 'prepared' | 'finished' | 'done' | 'failed' | 'removed';

/** A dataset of a task as it is added (contract 3.2). Its counters follow from the events about its files. */
export interface NewDataset {
  readonly dataset_id: number;
  readonly name: string;
  readonly type: DatasetType;
  readonly status: DatasetStatus;
  readonly container?: string;
  readonly state?: 'open' | 'closed' | 'mutable';
  /** Absent for the master input; of a secondary input the id of the master. */
  readonly master_id?: number;
  readonly provenance_id?: number;
  readonly attributes?: string;
  readonly stream_name?: string;
  readonly storage_token?: string;
  readonly destination?: string;
  readonly template_id?: number;
  /** Of a library: the queue for whose jobs it is built. */
  readonly site?: string;
}

/** Datasets were added. */
export interface DatasetsAdded {
  readonly datasets: readonly NewDataset[];
}

/** Datasets got another status, or another number of files that may be used now. */
export interface DatasetsMoved {
  readonly datasets: readonly number[];
  readonly status?: DatasetStatus;
  readonly files_to_be_used?: number;
  readonly state?: 'open' | 'closed' | 'mutable';
}

/** A file as it is added to a dataset. */
export interface NewFile {
  readonly lfn: string;
  readonly guid?: string;
  readonly scope?: string;
  readonly fsize?: number;
  readonly checksum?: string;
  readonly n_events?: number;
  /** Inclusive bounds, from 0. */
  readonly start_event?: number;
  readonly end_event?: number;
  readonly first_event?: number;
}

/** Many files of one name, each with its share of some events (contract 9.3). */
export interface PseudoFiles {
  readonly lfn: string;
  readonly count: number;
  /** File `i` has the events from `i * events_per_file` on, the last one as many as are left. Absent when they have none. */
  readonly events_per_file?: number;
  readonly events?: number;
}

/** Files were added to an input dataset, with ids from `first_file_id` on. Either `files` or `pseudo` is given. */
export interface FilesAdded {
  readonly dataset_id: number;
  readonly first_file_id: number;
  readonly files?: readonly NewFile[];
  readonly pseudo?: PseudoFiles;
  readonly status: TaskFileStatus;
  readonly max_attempt: number;
  readonly max_failure?: number;
}

/**
 * Input files are to be used again: they become `ready`, whatever they were. The counters of their dataset follow from what they were: a file that
 * was used counts as used no more, a finished or exhausted one as finished or failed no more.
 */
export interface FilesReopened {
  /** Ids of files. */
  readonly files: Ranges;
  readonly add_attempts?: number;
  /** Has an effect on files that have a maximum only. */
  readonly add_failures?: number;
  /** Attempts count from 0 again. */
  readonly resets_attempts?: true;
}

/** Attributes of input files changed. */
export interface FilesAmended {
  readonly files: Ranges;
  readonly add_attempts?: number;
  readonly max_attempt?: number;
  readonly ram_count?: number;
  readonly status?: TaskFileStatus;
}

/** A file of a job (contract 3.5), under the public names. What is left out is null, or 0 for `fsize`. */
export interface JobFile {
  readonly row_ID: number;
  readonly type: 'input' | 'pseudo_input' | 'output' | 'log';
  readonly lfn: string;
  readonly status: string;
  readonly dataset?: string;
  readonly GUID?: string;
  readonly prodDBlock?: string;
  readonly prodDBlockToken?: string;
  readonly dispatchDBlock?: string;
  readonly dispatchDBlockToken?: string;
  readonly destinationDBlock?: string;
  readonly destinationDBlockToken?: string;
  readonly destinationSE?: string;
  readonly fsize?: number;
  readonly md5sum?: string;
  readonly checksum?: string;
  readonly scope?: string;
  readonly datasetID?: number;
  /** The task's file: of inputs it exists, of outputs it is added with the job. */
  readonly fileID?: number;
  readonly attemptNr?: number;
}

/** What kind of job it is; the name of its unit. Counts are kept by it. */
export type JobKind = 'run' | 'build' | 'merge' | 'preprocess';

/** A job as it is added. */
export interface NewJob {
  readonly panda_id: number;
  /** Attributes that differ from job to job. */
  readonly set: JobAttributes;
  readonly files: readonly JobFile[];
  /**
   * Ids of the task's input files that it takes, those of secondary and pseudo inputs included: they become `running`, get its PandaID, and count as used in their
   * dataset.
   */
  readonly takes: readonly number[];
}

/**
 * Jobs were made for a task, or submitted without one. Files of type output and log become files of the task, with the status `defined`.
 * All jobs of one event are alike for claims.
 */
export interface JobsCreated extends ConcernsUnits {
  readonly units: Ranges;
  readonly workload_id: string;
  readonly kind: JobKind;
  readonly status: JobStatus;
  /** `computingSite`; empty when there is none yet. */
  readonly site: string;
  /** `prodSourceLabel`. */
  readonly label: string;
  /** `currentPriority`. */
  readonly priority: number;
  /** Raw JSON of `JobNeeds`: what claims compare. */
  readonly requirements: string;
  /** Attributes that all of them have. */
  readonly common: JobAttributes;
  readonly jobs: readonly NewJob[];
}

/** Further files of a job that `JobsCreated` of the same change has added: what does not fit into one event. */
export interface JobFilesAdded extends ConcernsUnits {
  /** The one job. */
  readonly units: Ranges;
  readonly files: readonly JobFile[];
  /** As in `NewJob`. */
  readonly takes: readonly number[];
}

/** What claims compare besides site, label and priority: jobs that are equal in it are in one class of the ready queue. */
export interface JobNeeds {
  /** Megabytes; 0 means any. */
  readonly ram: number;
  readonly disk: number;
  /** Seconds; absent means any. */
  readonly walltime?: number;
  readonly cores: number;
  readonly resource_type: string;
  readonly share: string;
  readonly processing_type: string;
  /** `prodUserName`. */
  readonly user: string;
  /** `jobExecutionID` is 1 (contract 4.2.2, background). */
  readonly background?: true;
}

/** Pilots took jobs: the engine's event with the attributes that the claim sets in all of them. */
export interface JobsClaimed extends UnitsClaimed {
  readonly set: JobAttributes;
  /** Told by the caller: the worker that runs them. */
  readonly worker?: { readonly harvester_id: string; readonly worker_id: number };
}

/** A pilot reports for the first time that the payload runs. */
export interface JobStarted extends UnitStarted {
  readonly set: JobAttributes;
}

/** What a pilot says of a job that has ended: `retry` is a failure with the wish that the job runs again (contract 4.2.7). */
export type ReportedEnd = 'finished' | 'failed' | 'retry';

/** Jobs got another status that is neither `running` nor `finished` nor `failed`. */
export interface JobsMoved extends UnitsMoved {
  readonly set?: JobAttributes;
  /** The pilot has reported this final status: the job waits for the adder. */
  readonly final?: ReportedEnd;
  /** The output report that came with `final`, as the pilot sent it. One that is long is a text of its own. */
  readonly report?: string;
  /** Given where `status` is `cancelled` or `closed`. */
  readonly end?: JobEnd;
}

/** Jobs were measured, commanded or marked without changing status. */
export interface JobsAmended extends ConcernsUnits {
  readonly units: Ranges;
  readonly set: JobAttributes;
  /** What is told by it: a heartbeat, or something that the server did. */
  readonly kind: 'heartbeat' | 'server';
}

/**
 * What becomes of the input files of a job that ends (contract 4.4): they are finished, or failed (counts as attempt and as failure), or released (counts as
 * attempt only). `superseded` counts nothing.
 */
export type InputOutcome = 'finished' | 'failed' | 'released' | 'superseded';

/** The end of a job: each of its input files has had its attempt. */
export interface JobEnd {
  readonly set: JobAttributes;
  readonly inputs: InputOutcome;
  /** The job that has the inputs, when it is another one of the same jobset (contract 5.5). */
  readonly owner_id?: number;
  /** Inputs whose outcome differs, by id of the task's file. */
  readonly except?: readonly { readonly file_id: number; readonly inputs: InputOutcome | 'skipped' }[];
  /** What its own files became, of a single job. Without it outputs and log become `failed`, or `finished` if the job has. */
  readonly files?: readonly EndedFile[];
}

export interface EndedFile {
  readonly row_ID: number;
  readonly status: string;
  readonly fsize?: number;
  readonly checksum?: string;
  readonly GUID?: string;
  readonly n_events?: number;
}

/** A job has finished. */
export interface JobSucceeded extends UnitSucceeded {
  readonly end: JobEnd;
}

/** A job has failed. */
export interface JobFailed extends UnitFailed {
  readonly end: JobEnd;
  /** What a rule for failed jobs did about it, which `reason` tells, too. */
  readonly measure?: string;
}

/** Jobs got another priority. */
export interface JobsPrioritized extends ConcernsUnits {
  readonly units: Ranges;
  readonly priority: number;
}

/** What claims compare changed: the site, the share or the requirements. */
export interface JobsPlaced extends ConcernsUnits {
  readonly units: Ranges;
  readonly site?: string;
  readonly requirements?: string;
  readonly set: JobAttributes;
}

/** Commands on tasks by their internal names (contract 4.1.5). */
export type TaskCommandName =
  'kill' | 'finish' | 'retry' | 'incexec' | 'reassign' | 'pause' | 'resume' | 'avalanche' | 'release';

/** A command on a task was registered. It replaces one that has not been executed yet. */
export interface CommandRegistered {
  readonly command: TaskCommandName;
  /** Raw JSON of its options. */
  readonly options: string;
  /** Compact name of who gave it. */
  readonly by: string;
  readonly is_production: boolean;
}

/** The registered command was carried out. */
export interface CommandExecuted {
  readonly command: TaskCommandName;
}

/** The registered command was not carried out, because the task had left the statuses in which it is accepted. */
export interface CommandDropped {
  readonly command: TaskCommandName;
  readonly reason: string;
}

/** Events of `work-panda.` streams that only PanDA has, by type. */
export interface PandaEvents {
  readonly TaskSubmitted: TaskSubmitted;
  readonly TaskMoved: TaskMoved;
  readonly TaskAmended: TaskAmended;
  readonly TextStored: TextStored;
  readonly TextContinued: TextContinued;
  readonly DatasetsAdded: DatasetsAdded;
  readonly DatasetsMoved: DatasetsMoved;
  readonly FilesAdded: FilesAdded;
  readonly FilesReopened: FilesReopened;
  readonly FilesAmended: FilesAmended;
  readonly JobsCreated: JobsCreated;
  readonly JobFilesAdded: JobFilesAdded;
  readonly JobsAmended: JobsAmended;
  readonly JobsPrioritized: JobsPrioritized;
  readonly JobsPlaced: JobsPlaced;
  readonly CommandRegistered: CommandRegistered;
  readonly CommandExecuted: CommandExecuted;
  readonly CommandDropped: CommandDropped;
}

/** The engine's events with what PanDA adds to them. */
export interface PandaUnitEvents {
  readonly UnitsClaimed: JobsClaimed;
  readonly UnitStarted: JobStarted;
  readonly UnitsMoved: JobsMoved;
  readonly UnitSucceeded: JobSucceeded;
  readonly UnitFailed: JobFailed;
}
