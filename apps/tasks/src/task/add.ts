import { DomainError } from '#platform/domain-error.js';
import { idAt, newIdPrefix } from '#contracts/ids.js';
import { kindOf } from '#contracts/raw-json.js';
import type { AddTaskRequest, AddTasksRequest } from '#contracts/iceprod/tasks.js';
import type { UnitAdded, UnitsAdded } from '#contracts/work-events.js';
import type { Decision } from '#projection/command.js';
import { isTaskStatus } from '../iceprod/status-table.js';
import { type JobView, jobsAdded } from '../job/job-decider.js';
import { datasetRef } from '../workload/workloads.js';
import { refusals } from './refusals.js';
import type { TaskView } from './view.js';

const DEFAULT_STATUS = 'idle';
const DEFAULT_PRIORITY = 1;

/** Documents of a request larger than this do not fit an event, escaped as they are inside it. */
const REQUEST_BYTES_MAX = 200 * 1024;

/** Most tasks that one command creates. */
export const TASKS_PER_COMMAND_MAX = 1_000_000;

type AddView = Pick<TaskView, 'homeOf' | 'nextOrdinal'>;

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);

/** `POST /tasks`: any start status, nothing else needs to exist. */
export const addTask = (view: AddView, request: AddTaskRequest, newId: string): Decision<{ task_id: string }> => {
  const { dataset_id, job_id, job_index, task_index, name, depends, requirements } = request;
  const { status = DEFAULT_STATUS, priority = DEFAULT_PRIORITY, instance_id = '' } = request;
  if (!isTaskStatus(status)) return refusals.invalidStatus();
  if (kindOf(requirements) !== 'object') return invalid('task.bad-requirements', 'requirements must be an object');
  if (Buffer.byteLength(JSON.stringify(request)) > REQUEST_BYTES_MAX) return refusals.tooLarge('Task');
  const ordinal = view.nextOrdinal(dataset_id);
  const data: UnitAdded = {
    units: [[ordinal, ordinal]],
    dataset_id,
    task_id: newId,
    ...{ job_id, job_index, task_index, name, depends, requirements, status, priority },
    ...(instance_id !== '' && { instance_id }),
  };
  return { events: [{ stream: view.homeOf(dataset_id), type: 'UnitAdded', data }], reply: { task_id: newId } };
};

const problemOf = ({ count, first_job_index, tasks }: AddTasksRequest): DomainError | undefined => {
  if (!Number.isSafeInteger(count) || count < 1) return invalid('tasks.bad-count', 'count must be a positive integer');
  if (!Number.isSafeInteger(first_job_index) || first_job_index < 0) {
    return invalid('tasks.bad-first-index', 'first_job_index must be an integer from 0 on');
  }
  if (tasks.length === 0) return refusals.missingTasks();
  if (count * tasks.length > TASKS_PER_COMMAND_MAX) return refusals.tooManyTasks(TASKS_PER_COMMAND_MAX);
  if (Buffer.byteLength(JSON.stringify(tasks)) > REQUEST_BYTES_MAX) return refusals.tooLarge('Tasks');
  for (const [place, { status = DEFAULT_STATUS, depends, requirements }] of tasks.entries()) {
    if (!isTaskStatus(status)) return refusals.invalidStatus();
    if (kindOf(requirements) !== 'object') return invalid('task.bad-requirements', 'requirements must be an object');
    if (depends.some((at) => !Number.isInteger(at) || at < 0 || at >= place)) {
      return invalid('tasks.bad-depends', 'depends must name earlier tasks');
    }
  }
  return undefined;
};

/** Bulk creation of jobs with their tasks: one fact of each kind, however many they are. */
export const addTasks = (
  view: AddView,
  jobs: Pick<JobView, 'streamOf' | 'nextOrdinal'>,
  request: AddTasksRequest,
  ids: { readonly jobs: string; readonly tasks: string },
): Decision<{ jobs: number; tasks: number }> => {
  const problem = problemOf(request);
  if (problem !== undefined) return problem;
  const { dataset_id, first_job_index: firstIndex, count, tasks } = request;
  const first = view.nextOrdinal(dataset_id);
  const data: UnitsAdded = {
    units: [[first, first + count * tasks.length - 1]],
    dataset_id,
    prefix: ids.tasks,
    jobs: { prefix: ids.jobs, first: 0, first_index: firstIndex },
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

/** Ids of a bulk creation: made once per command, so that a repeated decision makes the same tasks. */
export const bulkIds = (datasetId: string, timeMicros: number): { readonly jobs: string; readonly tasks: string } => {
  const aggregate = datasetRef(datasetId);
  return { jobs: newIdPrefix(aggregate, timeMicros), tasks: newIdPrefix(aggregate, timeMicros) };
};

/** The id of a single new task. */
export const taskId = (datasetId: string, timeMicros: number): string =>
  idAt(newIdPrefix(datasetRef(datasetId), timeMicros), 0);
