import type {
  DatasetStatus,
  DatasetType,
  JobFile,
  JobKind,
  JobTextName,
  ReportedEnd,
  TaskCommandName,
  TaskTextName,
} from '#contracts/panda/events.js';
import type { JobValues } from '#contracts/panda/job-attributes.js';
import type { Queue, ResourceType, Share } from '#contracts/panda/queues.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import type { JobStatus, TaskFileStatus, TaskStatus } from '#contracts/panda/statuses.js';
import type { TaskValues } from '#contracts/panda/task-attributes.js';
import type { OrderedReadyUnits } from '../engine/class-index.js';
import type { UnitKey } from '../engine/unit.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { WorkerView } from './worker-effect/worker-view.js';
import type { RangeView } from './range/range-view.js';

/** Where the jobs of a task are recorded, or those that were submitted together without one. */
export interface Home {
  readonly workload: WorkloadId;
  /** Public id: the task's id in decimal, or `jobs-<PandaID of the first>`. */
  readonly name: string;
  readonly stream: string;
  /** The ordinal of the next job. */
  readonly nextOrdinal: number;
}

export interface Task extends Home {
  readonly id: number;
  readonly status: TaskStatus;
  readonly attributes: TaskValues;
  /** The command that waits to be carried out. */
  readonly command: PendingCommand | undefined;
}

export interface PendingCommand {
  readonly name: TaskCommandName;
  /** Raw JSON. */
  readonly options: string;
  readonly by: string;
  readonly isProduction: boolean;
}

/** A dataset of a task with its counters (contract 3.2). */
export interface Dataset {
  readonly id: number;
  readonly taskId: number;
  readonly name: string;
  readonly container: string | null;
  readonly type: DatasetType;
  readonly status: DatasetStatus;
  readonly state: 'open' | 'closed' | 'mutable';
  /** Null for the master input and for outputs. */
  readonly masterId: number | null;
  readonly provenanceId: number | null;
  readonly attributes: string;
  readonly streamName: string | null;
  readonly storageToken: string | null;
  readonly destination: string | null;
  readonly templateId: number | null;
  /** Of a library: the queue for whose jobs it is built. */
  readonly site: string | null;
  readonly nFiles: number;
  readonly nFilesToBeUsed: number;
  /** Picked for jobs, and not given back. */
  readonly nFilesUsed: number;
  /** Of these, files of jobs that run. */
  readonly nFilesRunning: number;
  readonly nFilesFinished: number;
  /** Exhausted. */
  readonly nFilesFailed: number;
  readonly nFilesMissing: number;
  readonly nEvents: number;
  /** Of finished files. */
  readonly nEventsUsed: number;
}

/** A file of a task (contract 3.3). */
export interface TaskFile {
  readonly id: number;
  readonly datasetId: number;
  readonly lfn: string;
  readonly guid: string | null;
  readonly scope: string | null;
  readonly type: DatasetType;
  readonly fsize: number;
  readonly checksum: string | null;
  readonly status: TaskFileStatus;
  readonly procStatus: string;
  readonly attemptNr: number;
  readonly maxAttempt: number;
  readonly failedAttempt: number;
  readonly maxFailure: number | null;
  readonly nEvents: number | null;
  readonly startEvent: number | null;
  readonly endEvent: number | null;
  readonly firstEvent: number | null;
  /** The last job that used or made it. */
  readonly pandaId: number | null;
  readonly ramCount: number;
}

/** What decisions about many jobs need of each; much cheaper to read than {@link Job}. */
export interface JobState {
  readonly pandaId: number;
  readonly key: UnitKey;
  readonly ordinal: number;
  readonly kind: JobKind;
  readonly status: JobStatus;
}

/** A job with all its attributes: status, site, label and priority are in them too. */
export interface Job extends JobState {
  readonly home: Home;
  /** Null when it was submitted without one. */
  readonly taskId: number | null;
  readonly attributes: JobValues;
  /** The final status that a pilot has reported, while the job waits for the adder. */
  readonly reported: ReportedEnd | undefined;
  /** The output report that came with it, unless it is a text of its own. */
  readonly report: string | undefined;
  /** What a rule did about its failure. */
  readonly measure: string | undefined;
  readonly files: readonly JobFile[];
  /** Ids of the task's input files that it took. */
  readonly takes: readonly number[];
}

/** A job and when it was modified last. */
export interface UnmodifiedJob {
  readonly pandaId: number;
  readonly modifiedMicros: number;
}

/** Numbers that are given once. */
export type SequenceName = 'task' | 'job' | 'dataset' | 'file' | 'row';

export interface TaskView {
  task(id: number): Task | undefined;
  /** The text of a task; undefined when it has none. */
  taskText(task: Task, name: TaskTextName): string | undefined;
  /** The newest task with a name, of a user (compact name), VO and label where they are given (contract 4.1.7). */
  newestTaskNamed(
    name: string,
    of: { readonly user?: string; readonly vo?: string; readonly label?: string },
  ): Task | undefined;
  childrenOf(taskId: number): readonly number[];
  /** Ids of tasks that are not final or for which a command waits, ascending, behind an id: what stages look at after a start. */
  unsettledTasks(after: number, limit: number): readonly number[];
  /** How many tasks of a user are in one of these statuses. */
  countOfTasks(user: string, statuses: readonly TaskStatus[]): number;
  /** Ids of tasks of a user (compact name) in one of these statuses that were modified since a time, ascending; so many of each status. */
  tasksOf(user: string, statuses: readonly TaskStatus[], sinceMicros: number, limit: number): readonly number[];
  /** All, in order of creation. */
  datasets(task: Task): readonly Dataset[];
  dataset(id: number): Dataset | undefined;
}

export interface FileView {
  file(id: number): TaskFile | undefined;
  /** Files that a job may take: ready, with attempts and failures left; by number where they have one, then by LFN and id. At most `limit`. */
  usableFiles(dataset: Dataset, limit: number): readonly TaskFile[];
  /** Files of a dataset in order of their ids, in pages behind an id. */
  filesOf(datasetId: number, after: number, limit: number): readonly TaskFile[];
  /** Exhausted: ready, but without attempts or failures left (contract 4.4). Ids, ascending. */
  exhaustedFiles(datasetId: number): readonly number[];
  /** Ids of files of a status, ascending. */
  filesOfStatus(datasetId: number, status: TaskFileStatus): readonly number[];
  /** Whether the dataset has a file of this name, and with events of these bounds where they are given. */
  hasFile(datasetId: number, lfn: string, events?: readonly [start: number, end: number]): boolean;
}

/** Statuses in which the memory that jobs have asked for is summed. */
export type WeighedStatus = 'starting' | 'running';

export interface JobView {
  job(pandaId: number): Job | undefined;
  jobState(pandaId: number): JobState | undefined;
  jobAt(key: UnitKey): Job | undefined;
  jobText(pandaId: number, name: JobTextName): string | undefined;
  /** Jobs of a task or submission in order of their ids, of these statuses if they are given, behind an id. */
  jobStates(
    home: Pick<Home, 'workload'>,
    options?: { readonly statuses?: readonly JobStatus[]; readonly after?: number; readonly limit?: number },
  ): readonly JobState[];
  /** How many jobs of a kind are in a status. */
  countOfJobs(home: Pick<Home, 'workload'>, status: JobStatus, kind?: JobKind): number;
  /** Jobs that share a jobset (contract 5.5), ascending. */
  jobsOfJobset(jobsetId: number): readonly JobState[];
  /** One more than the greatest `jobDefinitionID` of a user's jobs (compact name): the number of the next generation (contract 9.4). */
  nextJobDefinition(user: string): number;
  /** How many jobs of a user (compact name) are not final. */
  countActiveOf(user: string): number;
  /** Active jobs of a site by status: what brokerage compares. */
  countAtSite(site: string, status: JobStatus): number;
  /** The sum of the megabytes per core that jobs of a site and a status have asked for. */
  memoryAtSite(site: string, status: WeighedStatus): number;
  /** Names of sites that have jobs of a status, in order. */
  sitesWith(status: JobStatus): readonly string[];
  /** How many jobs of a global share are sent, starting or running: claims rank shares by it (contract 4.2.2). */
  countExecuting(share: string): number;
  /** How many jobs with the labels managed and test were sent by a site since a time and are still sent; counts up to `limit`. */
  countRecentlySent(site: string, sinceMicros: number, limit: number): number;
  /** Jobs of a status with a `modificationTime` before a time, the oldest first, behind one of them: what watchdogs look for. */
  unmodifiedJobs(
    status: JobStatus,
    beforeMicros: number,
    options: { readonly after?: UnmodifiedJob; readonly limit: number },
  ): readonly UnmodifiedJob[];
  /** Jobs of a status, of all homes, in the order of their keys behind one of them. */
  jobsOfStatus(status: JobStatus, after: UnitKey | undefined, limit: number): readonly JobState[];
  /** Jobs whose final report waits for the adder, the oldest report first. */
  reportedJobs(limit: number): readonly JobState[];
  /** Active jobs in debug mode (`debug` in specialHandling), of a user (compact name) or of a working group; PandaIDs, ascending. */
  debugJobs(of: { readonly user: string } | { readonly workingGroup: string }): readonly number[];
  /** Where the jobs of a submission without a task are recorded, or will be. */
  home(name: string): Home;
}

export interface SiteView {
  queue(name: string): Queue | undefined;
  /** By name. */
  queues(): readonly Queue[];
  shares(): readonly Share[];
  resourceTypes(): readonly ResourceType[];
  retryRules(): readonly RetryRule[];
}

/** The state that PanDA's deciders read, with the effects of earlier decisions. Synchronous and read-only. */
export interface PandaView extends TaskView, FileView, JobView, SiteView {
  readonly ready: OrderedReadyUnits;
  readonly ranges: RangeView;
  readonly workers: WorkerView;
  /** The next number of a sequence. A change that takes several counts on from it. */
  next(sequence: SequenceName): number;
}
