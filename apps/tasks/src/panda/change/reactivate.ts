import type { DecidedEvent } from '#event-sourcing/command.js';
import { datasetsMoved } from '../datasets-moved.js';
import { fileIds } from '../pages.js';
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
  for (const dataset of inputsOf(view, task)) {
    const files = yield* fileIds(view, dataset.id);
    inputs += files.length;
    events.push(...reopened(task, files, keepsAttempts ? {} : { resets_attempts: true }));
    events.push(...datasetsMoved(task, [dataset], { status: 'ready', files_to_be_used: dataset.nFiles }));
  }
  const set = { oldStatus: null, errorDialog: null, endTime: null, frozenTime: null };
  return { events: [...events, taskMoved(task, 'ready', { set, reason: 'reactivated' })], inputs };
}
