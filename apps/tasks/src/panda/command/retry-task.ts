import { isFinalJob, type TaskStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { reopened, RETRY_ATTEMPTS } from '../change/increase-attempts.js';
import { datasetsMoved } from '../datasets-moved.js';
import { discardRanges } from '../range/discard-ranges.js';
import { SplitRules } from '../refine/split-rules.js';
import { inputsOf, outputsOf } from '../task-inputs.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import type { Dataset, PandaView, Task } from '../view.js';
import { orderChildren } from './end-task.js';
import type { Execution } from './execution.js';

const FILES_PER_YIELD = 500;
const NOTHING = 'no retry since no new/unprocessed files available';

/** Runs what has failed or was not processed again, and the children's too (PanDA contract 4.1.6). */
export const retryTask: Execution = function* (view, task, command) {
  const { qualifiers = [] } = command.options;
  const { events, files } = yield* reopenedInputs(view, task);
  const begun = taskMoved(task, 'toretry', { command: 'retry', reason: `retried by ${command.by}` });
  if (files === 0) return [begun, taskStopped(task, task.status, NOTHING)];
  const { taskPriority, currentPriority } = task.attributes;
  const set = {
    ...nextAttempt(task),
    oldStatus: null,
    currentPriority: qualifiers.includes('keep') ? currentPriority : taskPriority,
  };
  return [
    begun,
    ...events,
    ...(qualifiers.includes('discard') ? discardRanges(view, task) : []),
    ...outputsReady(view, task),
    taskMoved(task, statusAfterRetry(task), { set }),
    ...(qualifiers.includes('sole') ? [] : orderChildren(view, task, command)),
  ];
};

/** Reads the inputs again, and runs again what has failed too. */
export const executeIncrementally: Execution = function* (view, task, { by }) {
  const { events } = yield* reopenedInputs(view, task);
  const begun = taskMoved(task, 'toincexec', { command: 'incexec', reason: `inputs reloaded by ${by}` });
  const set = { ...nextAttempt(task), oldStatus: task.status };
  return [begun, ...events, ...outputsReady(view, task), taskMoved(task, 'rerefine', { set })];
};

const nextAttempt = ({ attributes }: Task): TaskAttributes => ({
  attemptNr: (attributes.attemptNr ?? 0) + 1,
  startTime: null,
  endTime: null,
  frozenTime: null,
  errorDialog: null,
});

/** A task that was stopped on its way goes on where it was; scouts that have passed are not made again. */
const statusAfterRetry = ({ status, attributes }: Task): TaskStatus => {
  if (status !== 'exhausted') return 'ready';
  if (attributes.oldStatus === 'running') return 'running';
  if (attributes.oldStatus !== 'scouting') return 'ready';
  return SplitRules.parse(attributes.splitRule).has('useScout') ? 'running' : 'scouting';
};

/** @returns how many files there are to process */
function* reopenedInputs(
  view: PandaView,
  task: Task,
): Generator<void, { readonly events: readonly DecidedEvent[]; readonly files: number }, void> {
  const events: DecidedEvent[] = [];
  let files = 0;
  for (const dataset of inputsOf(view, task)) {
    const exhausted = view.exhaustedFiles(dataset.id);
    const lost = yield* lostFiles(view, dataset);
    const open = exhausted.length + lost.length + dataset.nFiles - dataset.nFilesUsed;
    if (open === 0) continue;
    if (dataset.masterId === null) files += open;
    events.push(
      ...reopened(task, exhausted, { add_attempts: RETRY_ATTEMPTS, add_failures: RETRY_ATTEMPTS }),
      ...reopened(task, lost, {}),
      ...datasetsMoved(task, [dataset], { status: 'ready', files_to_be_used: dataset.nFiles }),
    );
    yield;
  }
  return { events, files };
}

/** Files that are taken although no job has them any more. */
function* lostFiles(view: PandaView, { id }: Dataset): Generator<void, readonly number[], void> {
  const lost: number[] = [];
  const taken = [...view.filesOfStatus(id, 'running'), ...view.filesOfStatus(id, 'picked')];
  for (const [index, fileId] of taken.entries()) {
    const job = view.jobState(view.file(fileId)?.pandaId ?? 0);
    if (job === undefined || isFinalJob(job.status)) lost.push(fileId);
    if (index % FILES_PER_YIELD === 0) yield;
  }
  return lost;
}

const outputsReady = (view: PandaView, task: Task): readonly DecidedEvent[] =>
  datasetsMoved(task, outputsOf(view, task), { status: 'ready' });
