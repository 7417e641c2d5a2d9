import type { CommandDropped, CommandExecuted, TaskCommandName } from '#contracts/panda/events.js';
import { TASK_STATUSES } from '#contracts/panda/statuses.js';
import type { CommandOptions } from '#contracts/panda/task-commands.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Stage, StageStep } from '../stage/stage.js';
import type { PandaView, PendingCommand, Task } from '../view.js';
import { isExecutable } from './command-table.js';
import { finishTask, killTask } from './end-task.js';
import type { Execution, TaskCommand } from './execution.js';
import { pauseTask, resumeTask } from './hold-task.js';
import { reassignTask } from './reassign-task.js';
import { executeIncrementally, retryTask } from './retry-task.js';
import { avalancheTask, releaseTask } from './skip-scouts.js';

const EXECUTIONS: { readonly [Name in TaskCommandName]: Execution } = {
  kill: killTask,
  finish: finishTask,
  retry: retryTask,
  incexec: executeIncrementally,
  reassign: reassignTask,
  pause: pauseTask,
  resume: resumeTask,
  avalanche: avalancheTask,
  release: releaseTask,
};

/** Carries out the command that waits for a task, or drops it if the task has left the statuses that accept it (PanDA contract 4.1.5). */
export const commandStage: Stage = {
  name: 'command',
  statuses: new Set(TASK_STATUSES),
  step: (view, task, timeMicros) =>
    task.command === undefined ? undefined : executed(view, task, commandOf(task.command), timeMicros),
};

function* executed(
  view: PandaView,
  task: Task,
  command: TaskCommand,
  timeMicros: number,
): Generator<void, StageStep, void> {
  const { stream, status } = task;
  const { name } = command;
  if (!isExecutable(command, status)) {
    const dropped: CommandDropped = { command: name, reason: `the task is in ${status} status` };
    return { events: [{ stream, type: 'CommandDropped', data: dropped }] };
  }
  const events = yield* EXECUTIONS[name](view, task, command, timeMicros);
  const data: CommandExecuted = { command: name };
  const executed: DecidedEvent = { stream, type: 'CommandExecuted', data };
  // Orders to children come first: the command waits until they are recorded.
  return {
    first: events.filter((event) => event.stream !== stream),
    events: [...events.filter((event) => event.stream === stream), executed],
  };
}

const commandOf = ({ options, ...command }: PendingCommand): TaskCommand => ({
  ...command,
  options: JSON.parse(options) as CommandOptions,
});
