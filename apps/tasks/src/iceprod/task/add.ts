import { DomainError } from '#platform/domain-error.js';
import { idAt, newIdPrefix } from '#contracts/ids.js';
import { kindOf } from '#contracts/raw-json.js';
import type { AddTaskRequest, AddTasksRequest, AddTasksToJobsRequest, TaskTemplate } from '#contracts/iceprod/tasks.js';
import type { UnitAdded, UnitsAdded } from '#contracts/work-events.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { isTaskStatus } from '../status-table.js';
import { type JobView, jobsAdded } from '../job/job-decider.js';
import { taskErrors } from './task-errors.js';
import type { TaskView } from './view.js';
import { datasetRef } from '../streams.js';

const DEFAULT_STATUS = 'idle';
const DEFAULT_PRIORITY = 1;

/** Larger requests do not fit an event after they are escaped. */
const REQUEST_BYTES_MAX = 200 * 1024;

/** Maximum tasks that one command creates. */
const TASKS_PER_COMMAND_MAX = 1_000_000;

/** Maximum tasks that one command adds to existing jobs: each is an event of its own. */
const TASKS_TO_JOBS_MAX = 10_000;

/** Maximum size of these events together. */
const TASKS_TO_JOBS_BYTES_MAX = 64 * 1024 * 1024;

/** Jobs looked up between two yields. */
const JOBS_PER_YIELD = 200;

type AddView = Pick<TaskView, 'homeOf' | 'nextOrdinal'>;

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);

/** `POST /tasks`: any initial status. The dataset and the job need not exist. */
export const addTask = (view: AddView, request: AddTaskRequest, newId: string): Decision<{ task_id: string }> => {
  const { dataset_id, job_id, job_index, task_index, name, depends, requirements } = request;
  const { status = DEFAULT_STATUS, priority = DEFAULT_PRIORITY, instance_id = '' } = request;
  if (!isTaskStatus(status)) return taskErrors.invalidStatus();
  if (kindOf(requirements) !== 'object') return invalid('task.bad-requirements', 'requirements must be an object');
  if (Buffer.byteLength(JSON.stringify(request)) > REQUEST_BYTES_MAX) return taskErrors.tooLarge('Task');
  const ordinal = view.nextOrdinal(dataset_id);
  const data: UnitAdded = {
    units: [[ordinal, ordinal]],
    ...{ workload_id: dataset_id, unit_id: newId, group_id: job_id, group_index: job_index, index: task_index },
    ...{ name, depends, requirements, status, priority },
    ...(instance_id !== '' && { lease_id: instance_id }),
  };
  return { events: [{ stream: view.homeOf(dataset_id), type: 'UnitAdded', data }], reply: { task_id: newId } };
};

const countsProblem = ({ count, first_job_index, tasks }: AddTasksRequest): DomainError | undefined => {
  if (!Number.isSafeInteger(count) || count < 1) return invalid('tasks.bad-count', 'count must be a positive integer');
  if (!Number.isSafeInteger(first_job_index + count) || first_job_index < 0) {
    return invalid('tasks.bad-first-index', 'first_job_index must be an integer from 0 on');
  }
  return count * tasks.length > TASKS_PER_COMMAND_MAX ? taskErrors.tooManyTasks(TASKS_PER_COMMAND_MAX) : undefined;
};

const templatesProblem = (tasks: readonly TaskTemplate[]): DomainError | undefined => {
  if (tasks.length === 0) return taskErrors.missingTasks();
  if (Buffer.byteLength(JSON.stringify(tasks)) > REQUEST_BYTES_MAX) return taskErrors.tooLarge('Tasks');
  for (const [index, { status = DEFAULT_STATUS, depends, requirements }] of tasks.entries()) {
    if (!isTaskStatus(status)) return taskErrors.invalidStatus();
    if (kindOf(requirements) !== 'object') return invalid('task.bad-requirements', 'requirements must be an object');
    if (depends.some((at) => !Number.isInteger(at) || at < 0 || at >= index)) {
      return invalid('tasks.bad-depends', 'depends must name earlier tasks');
    }
  }
  return undefined;
};

/** Creates many jobs with their tasks as two events. */
export const addTasks = (
  view: AddView,
  jobs: Pick<JobView, 'streamOf' | 'nextOrdinal'>,
  request: AddTasksRequest,
  ids: { readonly jobs: string; readonly tasks: string },
): Decision<{ jobs: number; tasks: number }> => {
  const problem = countsProblem(request) ?? templatesProblem(request.tasks);
  if (problem !== undefined) return problem;
  const { dataset_id, first_job_index: firstIndex, count, tasks } = request;
  const first = view.nextOrdinal(dataset_id);
  const data: UnitsAdded = {
    units: [[first, first + count * tasks.length - 1]],
    workload_id: dataset_id,
    prefix: ids.tasks,
    group_ids: { prefix: ids.jobs, first: 0, first_index: firstIndex },
    shapes: tasks.map(({ name, depends, requirements, status = DEFAULT_STATUS, priority = DEFAULT_PRIORITY }) => ({
      ...{ name, depends, requirements, status, priority },
    })),
  };
  const added = jobsAdded(
    jobs,
    { datasetId: dataset_id, firstIndex, count, status: 'processing' },
    { prefix: ids.jobs },
  );
  return {
    events: [added, { stream: view.homeOf(dataset_id), type: 'UnitsAdded', data }],
    reply: { jobs: count, tasks: count * tasks.length },
  };
};

const sizeProblem = ({ jobs, tasks }: AddTasksToJobsRequest): DomainError | undefined => {
  if (jobs.length === 0) return invalid('tasks.no-jobs', 'Missing jobs in body');
  if (jobs.length * tasks.length > TASKS_TO_JOBS_MAX) return taskErrors.tooManyTasks(TASKS_TO_JOBS_MAX);
  const bytes = jobs.length * Buffer.byteLength(JSON.stringify(tasks));
  return bytes > TASKS_TO_JOBS_BYTES_MAX ? taskErrors.tooLarge('Tasks') : undefined;
};

/** Creates tasks in existing jobs: in all of them or none. A job that is listed twice gets them once. */
export function* addTasksToJobs(
  view: AddView,
  jobs: Pick<JobView, 'byId'>,
  request: AddTasksToJobsRequest,
  prefix: string,
): SlicedDecision<{ tasks: number }> {
  const problem = sizeProblem(request) ?? templatesProblem(request.tasks);
  if (problem !== undefined) return problem;
  const { dataset_id, tasks } = request;
  const stream = view.homeOf(dataset_id);
  const first = view.nextOrdinal(dataset_id);
  const events: DecidedEvent[] = [];
  for (const [jobNumber, job_id] of [...new Set(request.jobs)].entries()) {
    const job = jobs.byId(job_id);
    if (job?.datasetId !== dataset_id || job.index === undefined) {
      return invalid('tasks.unknown-job', `${job_id} is no job of the dataset`);
    }
    const start = jobNumber * tasks.length;
    for (const [index, { name, depends, requirements, status, priority }] of tasks.entries()) {
      const data: UnitAdded = {
        units: [[first + start + index, first + start + index]],
        ...{
          workload_id: dataset_id,
          unit_id: idAt(prefix, start + index),
          group_id: job_id,
          group_index: job.index,
          index,
          name,
        },
        depends: depends.map((at) => idAt(prefix, start + at)),
        ...{ requirements, status: status ?? DEFAULT_STATUS, priority: priority ?? DEFAULT_PRIORITY },
      };
      events.push({ stream, type: 'UnitAdded', data });
    }
    if (jobNumber % JOBS_PER_YIELD === JOBS_PER_YIELD - 1) yield;
  }
  return { events, reply: { tasks: events.length } };
}

/** Id prefixes of a bulk creation, generated once per command so that a repeated decision adds the same tasks. */
export const bulkIds = (datasetId: string, timeMicros: number): { readonly jobs: string; readonly tasks: string } => {
  const aggregate = datasetRef(datasetId);
  return { jobs: newIdPrefix(aggregate, timeMicros), tasks: newIdPrefix(aggregate, timeMicros) };
};
