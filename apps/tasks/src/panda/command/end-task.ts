import type { DecidedEvent } from '#event-sourcing/command.js';
import { killJobsOfTask } from '../kill/kill-jobs.js';
import { taskMoved } from '../task-moved.js';
import type { PandaView, Task } from '../view.js';
import { refusalOf } from './command-table.js';
import { type Execution, QUEUED, type TaskCommand } from './execution.js';
import { commandRegistered } from './register-command.js';

const KILLED_WITH_TASK = 50;
const FINISHED_WITH_TASK = 52;

/** Ends a task and its children. It is aborted when its last job has ended. */
export const killTask: Execution = function* (view, task, command, timeMicros) {
  const order = {
    code: KILLED_WITH_TASK,
    by: `the task was killed by ${command.by}`,
    isProduction: command.isProduction,
  };
  return [
    taskMoved(task, 'aborting', { command: 'kill', reason: order.by }),
    ...(yield* killJobsOfTask(view, task, order, timeMicros)),
    ...orderChildren(view, task, command),
  ];
};

/** Makes no further jobs: what is done so far decides what becomes of the task. */
export const finishTask: Execution = function* (view, task, { options, by, isProduction }, timeMicros) {
  const order = { code: FINISHED_WITH_TASK, by: `the task was finished by ${by}`, isProduction };
  const statuses = options.soft === true ? QUEUED : undefined;
  return [
    taskMoved(task, 'finishing', { command: 'finish', reason: order.by }),
    ...(yield* killJobsOfTask(view, task, order, timeMicros, statuses)),
  ];
};

/** The same command for the children that accept it. */
export const orderChildren = (view: PandaView, task: Task, command: TaskCommand): readonly DecidedEvent[] =>
  view.childrenOf(task.id).flatMap((id) => {
    const child = view.task(id);
    if (child === undefined || id === task.id || refusalOf(command, child.status) !== undefined) return [];
    return [commandRegistered(child, command.name, command.options, command)];
  });
