import type { DatasetsMoved } from '#contracts/panda/events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { filePages } from '../pages.js';
import { inputsOf } from '../task-inputs.js';
import { taskMoved } from '../task-moved.js';
import type { PandaView, Task } from '../view.js';
import { reopened } from './increase-attempts.js';

/** All inputs of a task are used again from the start, whatever its status (PanDA contract 4.1.8). */
export function* reactivated(
  view: PandaView,
  task: Task,
  keepsAttempts: boolean,
): Generator<void, { readonly events: readonly DecidedEvent[]; readonly inputs: number }, void> {
  const events: DecidedEvent[] = [];
  let inputs = 0;
  for (const { id, nFiles } of inputsOf(view, task)) {
    const files = yield* idsOfFiles(view, id);
    inputs += files.length;
    events.push(...reopened(task, files, keepsAttempts ? {} : { resets_attempts: true }));
    const data: DatasetsMoved = { datasets: [id], status: 'ready', files_to_be_used: nFiles };
    events.push({ stream: task.stream, type: 'DatasetsMoved', data });
  }
  const set = { oldStatus: null, errorDialog: null, endTime: null, frozenTime: null };
  return { events: [...events, taskMoved(task, 'ready', { set, reason: 'reactivated' })], inputs };
}

function* idsOfFiles(view: PandaView, dataset: number): Generator<void, readonly number[], void> {
  const ids: number[] = [];
  for (const page of filePages(view, dataset)) {
    for (const { id } of page) ids.push(id);
    yield;
  }
  return ids;
}
