import { TASK_STATUSES, type JobStatus, type TaskStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import { jobPages } from '../pages.js';
import { taskMoved } from '../task-moved.js';
import type { PandaView, Task } from '../view.js';
import { type Execution, statusToKeep } from './execution.js';

/** No pilot gets a job of the task until it is resumed. */
export const pauseTask: Execution = function* (view, task, { by }) {
  return [
    taskMoved(task, 'paused', { command: 'pause', reason: `paused by ${by}`, set: { oldStatus: statusToKeep(task) } }),
    ...(yield* jobsMoved(view, task, 'activated', 'throttled')),
  ];
};

export const resumeTask: Execution = function* (view, task, { by }) {
  const status = resumedAs(task);
  const set = { oldStatus: null, ...(TRIED_AGAIN.has(status) && { errorDialog: null }) };
  const move = { command: 'resume', reason: `resumed by ${by}`, set } as const;
  return [taskMoved(task, status, move), ...(yield* jobsMoved(view, task, 'throttled', 'activated'))];
};

/** What a task was pending for is found out anew. */
const TRIED_AGAIN: ReadonlySet<TaskStatus> = new Set(['defined', 'ready', 'scouting', 'running']);

const resumedAs = ({ status, attributes }: Task): TaskStatus => {
  if (status === 'staging') return 'staged';
  return TASK_STATUSES.find((word) => word === attributes.oldStatus) ?? 'ready';
};

/** All jobs of the task that are in one status get another. */
function* jobsMoved(
  view: PandaView,
  task: Task,
  from: JobStatus,
  to: JobStatus,
): Generator<void, readonly DecidedEvent[], void> {
  const changes = new JobChanges();
  for (const page of jobPages(view, task, { statuses: [from] })) {
    for (const { ordinal } of page) changes.add(task.stream, ordinal, 'UnitsMoved', { status: to });
    yield;
  }
  return changes.events();
}
