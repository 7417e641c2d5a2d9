import type { CommandRegistered, TaskCommandName } from '#contracts/panda/events.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { CommandOptions, TaskCommandRequest, TaskReply } from '#contracts/panda/task-commands.js';
import type { Decided, DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { increasedAttempts, RETRY_ATTEMPTS } from '../change/increase-attempts.js';
import type { PandaView, Task } from '../view.js';
import { refusalOf } from './command-table.js';

/** Statuses in which a retry of a user's task concerns the jobs that have failed so far (PanDA contract 4.1.6). */
const RETRIED_AT_ONCE: ReadonlySet<TaskStatus> = new Set(['running', 'scouting', 'pending']);

const answer = (code: number, message: string, events: readonly DecidedEvent[] = []): Decided<TaskReply> => ({
  events,
  reply: { code, message },
});

/** Keeps a command for the command stage, which carries it out (contract 4.1.5). */
export function* registerCommand(view: PandaView, request: TaskCommandRequest): SlicedDecision<TaskReply> {
  const { task_id: id, command: name, options, principal } = request;
  const task = view.task(id);
  if (task === undefined) return answer(2, `jediTaskID=${id} not found`);
  const { isProduction } = principal;
  const refusal = refusalOf({ name, options, isProduction }, task.status);
  if (name === 'retry' && isRetriedAtOnce(task)) {
    const { events } = yield* increasedAttempts(view, task, RETRY_ATTEMPTS);
    return answer(0, retriedAtOnce(task), events);
  }
  if (refusal !== undefined) {
    const where = `the ${name} command is not accepted if the task is in ${task.status} status ${refusal}`;
    return answer(4, `Command rejected: ${where}`);
  }
  const message = `command=${name} is registered for task ID ${id}. will be executed in a few minutes`;
  return answer(0, message, [commandRegistered(task, name, options, { by: principal.name, isProduction })]);
}

export const isRetriedAtOnce = ({ status, attributes }: Task): boolean =>
  attributes.taskType === 'anal' && RETRIED_AT_ONCE.has(status);

/** What is answered to a retry of a task that goes on. */
export const retriedAtOnce = ({ status }: Task): string =>
  `retry has been triggered for failed jobs while the task is still ${status}`;

export const commandRegistered = (
  { stream }: Task,
  command: TaskCommandName,
  options: CommandOptions,
  { by, isProduction }: { readonly by: string; readonly isProduction: boolean },
): DecidedEvent => {
  const kept = isProduction ? options : withoutTranscend(options);
  const data: CommandRegistered = { command, options: JSON.stringify(kept), by, is_production: isProduction };
  return { stream, type: 'CommandRegistered', data };
};

/** The production role alone may go beyond hard limits; from others the word is dropped silently (contract 4.1.6). */
const withoutTranscend = ({ qualifiers, ...options }: CommandOptions): CommandOptions =>
  qualifiers === undefined ? options : { ...options, qualifiers: qualifiers.filter((word) => word !== 'transcend') };
