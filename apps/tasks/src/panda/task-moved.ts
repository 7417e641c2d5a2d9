import type { TaskCommandName, TaskMoved } from '#contracts/panda/events.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Task } from './view.js';

/** The most characters of `errorDialog` (PanDA contract 3.1). */
const DIALOG_CHARACTERS_MAX = 510;

/** As much of a reason as `errorDialog` holds. */
export const dialogOf = (reason: string): string => reason.slice(0, DIALOG_CHARACTERS_MAX);

/** The coarse status that panda-client shows (contract 4.1.4). A status that is not listed does not change it. */
const SUPER_STATUS: { readonly [Status in TaskStatus]?: string } = {
  registered: 'registered',
  defined: 'registered',
  assigning: 'assigning',
  ready: 'ready',
  scouting: 'submitting',
  scouted: 'submitting',
  running: 'running',
  throttled: 'running',
  merging: 'running',
  toretry: 'ready',
  toincexec: 'ready',
  paused: 'paused',
  staging: 'staging',
  staged: 'registered',
  exhausted: 'exhausted',
  aborting: 'aborting',
  tobroken: 'broken',
  done: 'done',
  finished: 'finished',
  failed: 'failed',
  aborted: 'aborted',
  broken: 'broken',
};

interface Move {
  readonly set?: TaskAttributes;
  readonly reason?: string;
  readonly command?: TaskCommandName;
}

/** A task gets another status, and the super status that goes with it. */
export const taskMoved = ({ stream }: Pick<Task, 'stream'>, status: TaskStatus, move: Move = {}): DecidedEvent => {
  const superStatus = SUPER_STATUS[status];
  const set: TaskAttributes = { ...(superStatus !== undefined && { superStatus }), ...move.set };
  const data: TaskMoved = { ...move, status, ...(Object.keys(set).length > 0 && { set }) };
  return { stream, type: 'TaskMoved', data };
};

/**
 * A stage stops a task, and says why in `errorDialog` and in the status log. A new try of the stage renews the dialog; other stages append to it
 * (D31).
 */
export const taskStopped = (
  task: Pick<Task, 'stream'>,
  status: TaskStatus,
  reason: string,
  move: Move = {},
): DecidedEvent =>
  taskMoved(task, status, {
    ...move,
    reason,
    set: { ...move.set, errorDialog: dialogOf(reason) },
  });
