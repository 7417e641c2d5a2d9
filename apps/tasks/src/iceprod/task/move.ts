import type { Nothing } from '#bus/contract.js';
import type { TaskStatus } from '#contracts/iceprod/statuses.js';
import type { UnitsMoved } from '#contracts/work-events.js';
import type { Decision } from '#event-sourcing/command.js';
import { isTaskStatus, mayMove, RESET_ALIAS } from '../status-table.js';
import { endedLease } from './ended-run.js';
import { ChosenUnits, movedTo, ofUnit } from './moves.js';
import { taskErrors } from './task-errors.js';
import type { TaskView } from './view.js';

/** Maximum tasks that one call promotes (contract 7.6). */
const PROMOTE_MAX = 100;

interface Target {
  readonly status: TaskStatus;
  readonly clears: NonNullable<UnitsMoved['clears']>;
}

export interface SetTaskStatusCommand {
  readonly task_id: string;
  /** Given on the dataset's route: the task must be listed there, and its lease ends. */
  readonly dataset_id?: string;
  readonly status: string;
  readonly instance_id?: string;
}

const targetOf = ({ status, dataset_id: datasetId }: SetTaskStatusCommand): Target | undefined => {
  const isDatasetRoute = datasetId !== undefined;
  if (status === RESET_ALIAS) {
    return { status: 'idle', clears: isDatasetRoute ? ['lease', 'failures'] : ['lease'] };
  }
  return isTaskStatus(status) ? { status, clears: isDatasetRoute ? ['lease'] : [] } : undefined;
};

/**
 * `PUT /tasks/{task_id}/status` and `PUT /datasets/{dataset_id}/tasks/{task_id}/status`: checked (contract 7.3, 7.4).
 *
 * @param needsInstance whether the first of these routes refuses to end a run without its instance_id
 */
export const setTaskStatus = (
  view: TaskView,
  command: SetTaskStatusCommand,
  needsInstance = false,
): Decision<Nothing> => {
  const target = targetOf(command);
  if (target === undefined) return taskErrors.badStatus();
  const unit = view.unit(command.task_id);
  if (unit === undefined) return taskErrors.taskNotFound();
  if (command.dataset_id !== undefined && unit.workload !== command.dataset_id) return taskErrors.taskNotFound();
  if (unit.status === target.status) return { events: [], reply: {} };
  const holdsLease = command.instance_id === undefined || command.instance_id === unit.leaseId;
  if (!holdsLease || !mayMove(unit.status, target.status)) return taskErrors.badTransition();
  const { status, clears } = target;
  const leaseId = clears.includes('lease') ? '' : unit.leaseId;
  const ended = endedLease(unit, { status, leaseId });
  if (needsInstance && ended !== undefined && command.instance_id === undefined && command.dataset_id === undefined) {
    return taskErrors.missingInstance();
  }
  const data = {
    status,
    ...(clears.length > 0 && { clears }),
    ...(ended !== undefined && { ended_lease_id: ended }),
  };
  return { events: [ofUnit(view, unit.key, 'UnitsMoved', data)], reply: {} };
};

/** `POST /task_actions/waiting`: idle tasks become waiting, whatever they depend on. */
export const promoteTasks = (
  view: TaskView,
  { task_ids: ids }: { readonly task_ids: readonly string[] },
): Decision<{ waiting: number }> => {
  if (ids.length > PROMOTE_MAX) return taskErrors.tooManyTasks(PROMOTE_MAX);
  const chosen = new ChosenUnits(view);
  for (const id of new Set(ids)) {
    const unit = view.unit(id);
    if (unit?.status === 'idle') chosen.add(unit.key);
  }
  return { events: chosen.events('UnitsMoved', movedTo('waiting')), reply: { waiting: chosen.count } };
};
