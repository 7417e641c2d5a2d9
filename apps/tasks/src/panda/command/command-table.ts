import type { TaskCommandName } from '#contracts/panda/events.js';
import { TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import type { CommandOptions } from '#contracts/panda/task-commands.js';

type Statuses = ReadonlySet<TaskStatus>;

const only = (...statuses: readonly TaskStatus[]): Statuses => new Set(statuses);
const allBut = (...statuses: readonly TaskStatus[]): Statuses =>
  new Set(TASK_STATUSES.filter((status) => !statuses.includes(status)));

const ENDABLE = allBut('finished', 'done', 'prepared', 'broken', 'aborted', 'toabort', 'aborting', 'failed');

/** Statuses in which a command on a task is accepted (PanDA contract 4.1.5). */
const ACCEPTED: { readonly [Name in TaskCommandName]: Statuses } = {
  kill: ENDABLE,
  finish: ENDABLE,
  retry: only('finished', 'failed', 'exhausted'),
  incexec: only('finished', 'failed', 'aborted', 'done', 'exhausted'),
  reassign: allBut('failed', 'aborted', 'broken'),
  pause: allBut('finished', 'failed', 'done', 'aborted', 'broken', 'paused'),
  resume: only('paused', 'throttled', 'staging'),
  avalanche: only('scouting'),
  release: only('scouting', 'pending', 'running', 'ready', 'assigning', 'defined'),
};

/** A task goes to another nucleus or cloud only while it has one to leave. */
const MOVABLE = only('defined', 'ready', 'running', 'scouting', 'scouted', 'pending', 'assigning', 'exhausted');

/** Whether a task is reassigned to a site, and not to a nucleus or cloud. */
export const isSiteForm = ({ site, cloud, nucleus }: CommandOptions): boolean =>
  site !== undefined || (cloud === undefined && nucleus === undefined);

interface Ordered {
  readonly name: TaskCommandName;
  readonly options: CommandOptions;
  readonly isProduction: boolean;
}

/** Why a command is not accepted: undefined when it is. The text goes on behind that of the status. */
export const refusalOf = ({ name, options, isProduction }: Ordered, status: TaskStatus): string | undefined => {
  const accepted = name === 'reassign' && !isSiteForm(options) ? MOVABLE : ACCEPTED[name];
  if (!accepted.has(status)) return '';
  return name === 'retry' && status === 'exhausted' && !isProduction ? 'and production role is missing' : undefined;
};

/** Whether a registered command may still be carried out. A retry may have waited while its task was aborted. */
export const isExecutable = (command: Ordered, status: TaskStatus): boolean =>
  (command.name === 'retry' && status === 'aborted') || refusalOf(command, status) === undefined;
