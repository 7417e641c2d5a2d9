import type { TaskCommandName } from '#contracts/panda/events.js';
import type { CommandOptions } from '#contracts/panda/task-commands.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { ACTIVE } from '../kill/kill-jobs.js';
import type { PandaView, Task } from '../view.js';

/** A command on a task as the command stage carries it out. */
export interface TaskCommand {
  readonly name: TaskCommandName;
  readonly options: CommandOptions;
  /** Compact name of who gave it. */
  readonly by: string;
  readonly isProduction: boolean;
}

/** What carrying out a command changes. Yields where a slice of long work may end. */
export type Execution = (
  view: PandaView,
  task: Task,
  command: TaskCommand,
  timeMicros: number,
) => Generator<void, readonly DecidedEvent[], void>;

/** Jobs that no pilot has yet. */
export const QUEUED: readonly JobStatus[] = ['pending', 'waiting', 'defined', 'assigned', 'activated', 'throttled'];

export const hasActiveJobs = (view: PandaView, task: Task): boolean =>
  ACTIVE.some((status) => view.countOfJobs(task, status) > 0);

/** Where a task that is held returns to (PanDA contract 4.1.5): what it has kept already stays. */
export const statusToKeep = ({ status, attributes }: Task): string =>
  status === 'pending' || status === 'throttled' ? (attributes.oldStatus ?? 'ready') : status;
