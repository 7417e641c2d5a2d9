import type { FailedTask, FailedTasksRequest } from '#contracts/panda/explain.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { commandRegistered } from '../command/register-command.js';
import { refusalOf } from '../command/command-table.js';
import { inputCounts } from '../file/input-counts.js';
import type { PandaView, Task } from '../view.js';

/** Tasks of one answer, and of one change. */
const TASKS_MAX = 1_000;

/** Ended with failures. Broken tasks cannot be retried, aborted ones shall not. */
const FAILED: readonly TaskStatus[] = ['failed', 'finished', 'exhausted'];

type FailedView = Pick<PandaView, 'task' | 'datasets' | 'tasksOf'>;

function* candidates(view: FailedView, { user, since_micros: since }: FailedTasksRequest): Generator<Task, void, void> {
  for (const id of view.tasksOf(user, FAILED, since, TASKS_MAX).slice(0, TASKS_MAX)) {
    const task = view.task(id);
    if (task !== undefined) yield task;
  }
}

const described = (view: FailedView, task: Task, { principal }: FailedTasksRequest): FailedTask => {
  const { files, finished, failed } = inputCounts(view.datasets(task));
  const refusal = refusalOf({ name: 'retry', options: {}, isProduction: principal.isProduction }, task.status);
  return {
    ...{ task_id: task.id, name: task.attributes.taskName ?? '', status: task.status },
    reason: task.attributes.errorDialog,
    ...{ files, files_finished: finished, files_failed: failed },
    can_retry: refusal === undefined && task.command === undefined,
    message: messageOf(task, refusal),
  };
};

const messageOf = ({ status, command }: Task, refusal: string | undefined): string => {
  if (command !== undefined) return `the command ${command.name} is being carried out`;
  return refusal === undefined
    ? 'retry is accepted'
    : `retry is not accepted in the status ${status} ${refusal}`.trimEnd();
};

/** What a retry of all failed tasks of a user would do. */
export function* failedTasks(
  view: FailedView,
  request: FailedTasksRequest,
): Generator<void, { readonly tasks: readonly FailedTask[] }, void> {
  const tasks: FailedTask[] = [];
  for (const task of candidates(view, request)) {
    tasks.push(described(view, task, request));
    yield;
  }
  return { tasks };
}

/** Retries all failed tasks of a user, each as `task/retry` does. */
export function* retryFailedTasks(
  view: FailedView,
  request: FailedTasksRequest,
): SlicedDecision<{ readonly tasks: readonly FailedTask[] }> {
  const { principal } = request;
  const tasks: FailedTask[] = [];
  const events: DecidedEvent[] = [];
  for (const task of candidates(view, request)) {
    const found = described(view, task, request);
    tasks.push(found);
    yield;
    if (!found.can_retry) continue;
    const by = { by: principal.name, isProduction: principal.isProduction };
    events.push(commandRegistered(task, 'retry', {}, by));
  }
  return { events, reply: { tasks } };
}
