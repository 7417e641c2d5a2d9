import type { JobKind, JobTextName, TaskTextName } from '#contracts/panda/events.js';
import type { Queue, ResourceType, Share } from '#contracts/panda/queues.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import type { JobStatus, TaskFileStatus, TaskStatus } from '#contracts/panda/statuses.js';
import type { OrderedReadyUnits } from '../engine/class-index.js';
import type { UnitKey } from '../engine/unit.js';
import type { UnitReader } from '../engine/unit-row.js';
import type { UnitStore } from '../engine/unit-store.js';
import { JobCounts } from './count/job-counts.js';
import { DatasetRows } from './file/dataset-rows.js';
import { FileRows } from './file/file-rows.js';
import { JobRows, type RecentJobs, recentJobs } from './job/job-rows.js';
import { RangeRows } from './range/range-rows.js';
import { Sequences } from './sequences.js';
import { TaskRows } from './task/task-rows.js';
import { Texts } from './text/texts.js';
import type {
  Dataset,
  Home,
  Job,
  JobState,
  JobView,
  PandaView,
  SequenceName,
  SiteView,
  Task,
  TaskFile,
  TaskView,
  UnmodifiedJob,
  WeighedStatus,
} from './view.js';

import { WorkerRows } from './worker-effect/worker-rows.js';

/** Statuses in which a job uses its share (contract 4.2.2). */
const EXECUTING: readonly JobStatus[] = ['sent', 'starting', 'running'];

/** What one connection shows of PanDA's tasks, files and jobs. */
export class PandaReader implements Omit<PandaView, 'ready'> {
  readonly taskRows: TaskRows;
  readonly datasetRows: DatasetRows;
  readonly fileRows: FileRows;
  readonly jobRows: JobRows;
  readonly counts: JobCounts;
  readonly ranges: RangeRows;
  readonly workers: WorkerRows;
  readonly jobTexts: Texts;
  private readonly sequences: Sequences;

  constructor(
    readonly reader: UnitReader,
    private readonly sites: SiteView,
    recent?: RecentJobs,
  ) {
    const { database } = reader;
    this.taskRows = new TaskRows(reader);
    this.datasetRows = new DatasetRows(database);
    this.fileRows = new FileRows(database);
    this.jobRows = new JobRows(reader, recent);
    this.counts = new JobCounts(database);
    this.ranges = new RangeRows(database);
    this.workers = new WorkerRows(database);
    this.jobTexts = new Texts(database, 'job');
    this.sequences = new Sequences(database);
  }

  next(sequence: SequenceName): number {
    return this.sequences.next(sequence);
  }

  task(id: number): Task | undefined {
    return this.taskRows.task(id);
  }

  taskText(task: Task, name: TaskTextName): string | undefined {
    return this.taskRows.taskText(task, name);
  }

  newestTaskNamed(name: string, of: Parameters<TaskView['newestTaskNamed']>[1]): Task | undefined {
    return this.taskRows.newestTaskNamed(name, of);
  }

  childrenOf(taskId: number): readonly number[] {
    return this.taskRows.childrenOf(taskId);
  }

  unsettledTasks(after: number, limit: number): readonly number[] {
    return this.taskRows.unsettledTasks(after, limit);
  }

  countOfTasks(user: string, statuses: readonly TaskStatus[]): number {
    return this.taskRows.countOfTasks(user, statuses);
  }

  tasksOf(user: string, statuses: readonly TaskStatus[], sinceMicros: number, limit: number): readonly number[] {
    return this.taskRows.tasksOf(user, statuses, sinceMicros, limit);
  }

  datasets({ id }: Task): readonly Dataset[] {
    return this.datasetRows.ofTask(id);
  }

  dataset(id: number): Dataset | undefined {
    return this.datasetRows.dataset(id);
  }

  file(id: number): TaskFile | undefined {
    return this.fileRows.file(id);
  }

  usableFiles(dataset: Dataset, limit: number): readonly TaskFile[] {
    return this.fileRows.usableFiles(dataset, limit);
  }

  filesOf(datasetId: number, after: number, limit: number): readonly TaskFile[] {
    return this.fileRows.filesOf(datasetId, after, limit);
  }

  exhaustedFiles(datasetId: number): readonly number[] {
    return this.fileRows.exhaustedFiles(datasetId);
  }

  filesOfStatus(datasetId: number, status: TaskFileStatus): readonly number[] {
    return this.fileRows.filesOfStatus(datasetId, status);
  }

  hasFile(datasetId: number, lfn: string, events?: readonly [start: number, end: number]): boolean {
    return this.fileRows.hasFile(datasetId, lfn, events);
  }

  job(pandaId: number): Job | undefined {
    return this.jobRows.job(pandaId);
  }

  jobState(pandaId: number): JobState | undefined {
    return this.jobRows.jobState(pandaId);
  }

  jobAt(key: UnitKey): Job | undefined {
    return this.jobRows.jobAt(key);
  }

  jobText(pandaId: number, name: JobTextName): string | undefined {
    const key = this.jobRows.keyOf(pandaId);
    return key === undefined ? undefined : this.jobTexts.text(key, name);
  }

  jobStates(home: Pick<Home, 'workload'>, options?: Parameters<JobView['jobStates']>[1]): readonly JobState[] {
    return this.jobRows.jobStates(home, options);
  }

  countOfJobs(home: Pick<Home, 'workload'>, status: JobStatus, kind?: JobKind): number {
    return this.jobRows.countOfJobs(home, status, kind);
  }

  jobsOfJobset(jobsetId: number): readonly JobState[] {
    return this.jobRows.jobsOfJobset(jobsetId);
  }

  nextJobDefinition(user: string): number {
    return this.jobRows.nextJobDefinition(user);
  }

  countActiveOf(user: string): number {
    return this.jobRows.countActiveOf(user);
  }

  sitesWith(status: JobStatus): readonly string[] {
    return this.counts.sitesWith(status);
  }

  countAtSite(site: string, status: JobStatus): number {
    return this.counts.countAtSite(site, status);
  }

  memoryAtSite(site: string, status: WeighedStatus): number {
    return this.counts.memoryAtSite(site, status);
  }

  countExecuting(share: string): number {
    return this.counts.countOfShare(share, EXECUTING);
  }

  countRecentlySent(site: string, sinceMicros: number, limit: number): number {
    return this.jobRows.countRecentlySent(site, sinceMicros, limit);
  }

  unmodifiedJobs(
    status: JobStatus,
    beforeMicros: number,
    options: Parameters<JobView['unmodifiedJobs']>[2],
  ): readonly UnmodifiedJob[] {
    return this.jobRows.unmodifiedJobs(status, beforeMicros, options);
  }

  jobsOfStatus(status: JobStatus, after: UnitKey | undefined, limit: number): readonly JobState[] {
    return this.jobRows.jobsOfStatus(status, after, limit);
  }

  reportedJobs(limit: number): readonly JobState[] {
    return this.jobRows.reportedJobs(limit);
  }

  debugJobs(of: Parameters<JobView['debugJobs']>[0]): readonly number[] {
    return this.jobRows.debugJobs(of);
  }

  home(name: string): Home {
    return this.jobRows.home(name);
  }

  queue(name: string): Queue | undefined {
    return this.sites.queue(name);
  }

  queues(): readonly Queue[] {
    return this.sites.queues();
  }

  shares(): readonly Share[] {
    return this.sites.shares();
  }

  resourceTypes(): readonly ResourceType[] {
    return this.sites.resourceTypes();
  }

  retryRules(): readonly RetryRule[] {
    return this.sites.retryRules();
  }
}

/** The state that deciders read, on the writing connection. */
export class SqlitePandaView extends PandaReader implements PandaView {
  constructor(
    private readonly store: UnitStore,
    sites: SiteView,
  ) {
    super(store.reader, sites, recentJobs(store.database));
  }

  get ready(): OrderedReadyUnits {
    return this.store.ready;
  }
}
