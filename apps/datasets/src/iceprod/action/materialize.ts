import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { GetConfig, GetDataset } from '#contracts/iceprod/datasets.js';
import type { ConfigWriter } from '#contracts/iceprod/dataset-events.js';
import {
  AddJob,
  GetNextJobIndex,
  type JobOutline,
  OutlineJobs,
  type OutlineJobsRequest,
} from '#contracts/iceprod/jobs.js';
import { taskPriority } from '#contracts/iceprod/priority.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { AddTask, AddTasks, CountTasks, GetTask, ListTasks, type ListTasksRequest } from '#contracts/iceprod/tasks.js';
import { writerOf } from '../config/config-projection.js';
import type { ConfigOutline } from '../config/config-functions.js';
import type { ConfigPool } from '../config/config-pool.js';
import type { Dataset } from '../dataset/dataset.js';
import { type DatasetPriorities, total } from './dataset-priorities.js';
import type { Dependency } from './dependencies.js';
import { failure } from './failure.js';
import type { Operation } from './operation.js';
import type { Requests } from './request-projection.js';

/** Jobs that one request makes; more take another request. */
const JOBS_MAX = 1_000_000;

/** Jobs that are made at a time. */
const JOBS_AT_ONCE = 64;

type Job = Pick<JobOutline, 'job_id' | 'job_index'>;

/** Jobs from the last one down. */
async function* outlined(operation: Operation, request: OutlineJobsRequest): AsyncGenerator<JobOutline, void, void> {
  for await (const page of operation.pages(OutlineJobs, request)) {
    yield* page.map((entry) => JSON.parse(entry) as JobOutline);
  }
}

interface Task {
  readonly task_id: string;
  readonly task_index: number;
}

const listedTask = (entry: string): Task => JSON.parse(entry.slice(entry.indexOf(':') + 1)) as Task;

/** Makes the jobs of one dataset. */
class Materialization {
  /** Places of earlier tasks that each task waits for. */
  private readonly within: readonly (readonly number[])[];
  private readonly waitsForOthers: boolean;
  private readonly known = new Set<string>();

  constructor(
    private readonly operation: Operation,
    private readonly dataset: Dataset,
    private readonly config: string,
    private readonly outline: ConfigOutline,
    private readonly configs: ConfigPool,
    private readonly priority: number,
    private readonly status: string,
    /** Whether the config's tasks may wait for tasks of a dataset: its writer has to be one of the readers. */
    private readonly mayUse: (datasetId: string) => boolean,
  ) {
    const { names, dependencies } = outline;
    if (names.length !== dataset.tasks_per_job) {
      throw failure(`config has ${names.length} tasks, but tasks_per_job is ${dataset.tasks_per_job}`);
    }
    this.within = dependencies.map((ones) => ones.flatMap((one) => ('place' in one ? [one.place] : [])));
    this.waitsForOthers = dependencies.some((ones, place) => ones.length !== this.within[place]?.length);
  }

  /** Gives jobs the tasks that somebody who was interrupted did not make, from the last job backwards. */
  async repair(next: number): Promise<void> {
    const { dataset_id: id, tasks_per_job: perJob } = this.dataset;
    let missing = next * perJob - total((await this.operation.call(CountTasks, { dataset_id: id })).document);
    if (missing <= 0) return;
    for await (const job of outlined(this.operation, { dataset_id: id })) {
      if (job.tasks < perJob) missing -= await this.complete(job);
      if (missing <= 0) return;
    }
  }

  /** Completes what an earlier attempt has made of the jobs from an index on; the indexes of those that are there. */
  async resume(from: number): Promise<ReadonlySet<number>> {
    const there = new Set<number>();
    for await (const job of outlined(this.operation, { dataset_id: this.dataset.dataset_id, from })) {
      if (job.tasks < this.dataset.tasks_per_job) await this.complete(job);
      there.add(job.job_index);
    }
    return there;
  }

  /**
   * One command makes a job with its tasks, unless they wait for tasks elsewhere. Where somebody else has made it meanwhile,
   * nothing is made.
   */
  async add(index: number): Promise<void> {
    const { dataset_id: id, jobs_submitted: jobs } = this.dataset;
    if (!this.waitsForOthers) {
      const shapes = await this.shapes(index);
      const tasks = shapes.map((shape, place) => ({ ...shape, depends: this.within[place] ?? [] }));
      await this.operation.executeIfAllowed(`${id}/jobs/${index}`, AddTasks, {
        dataset_id: id,
        first_job_index: index,
        count: 1,
        jobs_max: jobs,
        tasks,
      });
      return;
    }
    // Before the job, so that no job is left without tasks when a dependency is missing.
    await this.outside(index);
    const made = await this.operation.executeIfAllowed(`${id}/jobs/${index}`, AddJob, {
      dataset_id: id,
      job_index: index,
      jobs_max: jobs,
    });
    if (made !== undefined) await this.complete({ job_id: made.job_id, job_index: index });
  }

  /** What the tasks of a job are made with, in order. */
  private async shapes(index: number) {
    const { jobs_submitted: jobsSubmitted, tasks_submitted: tasksSubmitted } = this.dataset;
    const requirements = await this.configs.run('requirements', this.config, this.dataset, index);
    return this.outline.names.map((name, place) => ({
      name,
      requirements: requirements[place] ?? '{}',
      status: this.status,
      priority: taskPriority(this.priority, { taskIndex: place, jobIndex: index, jobsSubmitted, tasksSubmitted }),
    }));
  }

  /** Adds the tasks that a job lacks; how many. */
  private async complete({ job_id: job, job_index: index }: Job): Promise<number> {
    const { dataset_id: id } = this.dataset;
    const ids = new Map<number, string>();
    const request = { dataset_id: id, job_id: job, keys: ['task_id', 'task_index'] };
    for await (const page of this.operation.listed(ListTasks, request)) {
      for (const { task_index: place, task_id: task } of page.map(listedTask)) ids.set(place, task);
    }
    const before = ids.size;
    for (const [place, shape] of (await this.shapes(index)).entries()) {
      if (ids.has(place)) continue;
      const depends = await Promise.all(
        (this.outline.dependencies[place] ?? []).map(async (one) =>
          'place' in one ? (ids.get(one.place) ?? '') : await this.resolve(one, index),
        ),
      );
      const at = { dataset_id: id, job_id: job, job_index: index, task_index: place };
      const { task_id: task } = await this.operation.executeOnce(`${id}/jobs/${job}/${place}`, AddTask, {
        ...at,
        ...shape,
        depends,
      });
      ids.set(place, task);
    }
    return ids.size - before;
  }

  private async outside(index: number): Promise<void> {
    const dependencies = this.outline.dependencies.flat();
    await Promise.all(dependencies.flatMap((one) => ('place' in one ? [] : [this.resolve(one, index)])));
  }

  private resolve(dependency: Exclude<Dependency, { readonly place: number }>, index: number): Promise<string> {
    return 'taskId' in dependency ? this.existing(dependency.taskId) : this.taskOf(dependency, index);
  }

  /** Datasets that the writer may not read are as if they were not there. */
  private async taskOf({ dataset, name }: { dataset: string; name: string }, index: number): Promise<string> {
    const missing = (): DomainError => failure(`dependency ${dataset}:${name} has no task in job ${index}`);
    if (!this.mayUse(dataset)) throw missing();
    const keys = ['task_id', 'task_index'];
    for await (const { job_id: job } of outlined(this.operation, { dataset_id: dataset, from: index, to: index })) {
      const task = await this.first({ dataset_id: dataset, job_id: job, names: [name], keys });
      if (task !== undefined) return task.task_id;
    }
    // A task may say that it is of a job that nobody has made.
    const task = await this.first({ dataset_id: dataset, job_index: index, names: [name], keys });
    if (task === undefined) throw missing();
    return task.task_id;
  }

  private async first(request: ListTasksRequest): Promise<Task | undefined> {
    for await (const page of this.operation.listed(ListTasks, request)) {
      const [task] = page.map(listedTask);
      if (task !== undefined) return task;
    }
    return undefined;
  }

  private async existing(id: string): Promise<string> {
    if (this.known.has(id)) return id;
    const datasetId = await this.datasetOfTask(id);
    if (datasetId === undefined || !this.mayUse(datasetId)) throw failure(`dependency ${id} does not exist`);
    this.known.add(id);
    return id;
  }

  private async datasetOfTask(id: string): Promise<string | undefined> {
    try {
      const { document } = await this.operation.call(GetTask, { task_id: id, keys: ['dataset_id'] });
      return (JSON.parse(document) as { readonly dataset_id: string }).dataset_id;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }
}

/** Jobs to make, `to` excluded. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Settles which jobs to make: once, so that another attempt makes no others. */
const plan = async (
  operation: Operation,
  { dataset_id: id, jobs_submitted: jobs }: Dataset,
  next: number,
): Promise<Span> => {
  const span = { from: next, to: next + Math.max(0, Math.min(operation.number('num'), jobs - next, JOBS_MAX)) };
  await operation.record(`${id}/plan`, 'JobsPlanned', { request_id: operation.request.id, dataset_id: id, ...span });
  return span;
};

/**
 * The status of new tasks. An empty one is none, as old clients send it.
 *
 * @throws DomainError when tasks have no such status
 */
const statusOf = (operation: Operation): string => {
  const status = operation.text('set_status') || 'idle';
  if (!(TASK_STATUSES as readonly string[]).includes(status)) throw failure('set_status is not a valid task status');
  return status;
};

/** What the jobs of every dataset are made with. */
interface Means {
  readonly operation: Operation;
  readonly requests: Requests;
  readonly priorities: DatasetPriorities;
  readonly configs: ConfigPool;
  /** Whether somebody may read a dataset now. */
  readonly mayRead: (reader: ConfigWriter, datasetId: string) => boolean;
}

const materializeDataset = async (means: Means, status: string, datasetId: string): Promise<void> => {
  const { operation, requests, priorities, configs, mayRead } = means;
  const dataset = JSON.parse((await operation.call(GetDataset, { dataset_id: datasetId })).document) as Dataset;
  const { document: config, ...origin } = await operation.call(GetConfig, { dataset_id: datasetId });
  const writer = writerOf(origin, dataset);
  const mayUse = (id: string): boolean => id === datasetId || mayRead(writer, id);
  const outline = await configs.run('outline', config);
  const priority = await priorities.of(dataset, operation);
  const work = new Materialization(operation, dataset, config, outline, configs, priority, status, mayUse);
  const begun = requests.plan(operation.request.id, datasetId);
  if (begun !== undefined) {
    await makeJobs(work, begun, await work.resume(begun.from));
    return;
  }
  const { next_index: next } = await operation.call(GetNextJobIndex, { dataset_id: datasetId });
  await work.repair(next);
  await makeJobs(work, await plan(operation, dataset, next), new Set());
};

const makeJobs = async (work: Materialization, { from, to }: Span, there: ReadonlySet<number>): Promise<void> => {
  for (let first = from; first < to; first += JOBS_AT_ONCE) {
    const indexes = Array.from({ length: Math.min(JOBS_AT_ONCE, to - first) }, (_, place) => first + place);
    await Promise.all(indexes.filter((index) => !there.has(index)).map((index) => work.add(index)));
  }
};

/** Makes jobs and tasks of a dataset, or of all that are processing and not truncated (IceProd contract 16). */
export const materialize = async (means: Means): Promise<Nothing> => {
  const { operation, priorities } = means;
  const status = statusOf(operation);
  const { datasetId } = operation.request;
  if (datasetId !== undefined) {
    await materializeDataset(means, status, datasetId);
    return {};
  }
  for (const { dataset_id: id, truncated } of priorities.processing()) {
    if (!truncated) await tryOne(() => operation.exclusively(id, () => materializeDataset(means, status, id)));
  }
  return {};
};

/** A dataset that cannot be materialized does not keep the others waiting. */
const tryOne = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
  }
};
