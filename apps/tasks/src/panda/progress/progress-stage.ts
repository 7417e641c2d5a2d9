import type { DatasetStatus } from '#contracts/panda/events.js';
import { FINAL_TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { hasActiveJobs } from '../command/execution.js';
import { datasetsMoved } from '../datasets-moved.js';
import { SplitRules } from '../refine/split-rules.js';
import type { Stage, StageStep } from '../stage/stage.js';
import { mastersOf, outputsOf } from '../task-inputs.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import type { Dataset, PandaView, Task } from '../view.js';
import { type EndFacts, endStatus } from './final-status.js';

/** Statuses in which the inputs decide whether a task is through (PanDA contract 4.1.2). */
const AT_WORK: readonly TaskStatus[] = ['running', 'merging', 'ready', 'throttled', 'preprocessing'];
const ENDING = ['prepared', 'passed', 'toabort', 'tobroken'] as const;

const FINAL_DATASETS: ReadonlySet<DatasetStatus> = new Set(['done', 'finished', 'failed']);

/** Ends tasks: all inputs processed → prepared → final; jobs of a task that was killed or finished gone → final. */
export const progressStage: Stage = {
  name: 'progress',
  statuses: new Set([...AT_WORK, ...ENDING, 'aborting', 'finishing']),
  step: (view, task, timeMicros): StageStep | undefined => {
    const { status } = task;
    if (status === 'aborting' || status === 'finishing') {
      if (hasActiveJobs(view, task)) return undefined;
      return { events: [taskMoved(task, status === 'aborting' ? 'toabort' : 'passed')] };
    }
    const ending = ENDING.find((word) => word === status);
    return ending === undefined ? prepared(view, task) : ended(view, task, ending, timeMicros);
  },
};

const prepared = (view: PandaView, task: Task): StageStep | undefined => {
  const masters = mastersOf(view, task);
  const open = masters.filter(({ status }) => !FINAL_DATASETS.has(status));
  // Files that failed jobs have given back are not used any more: then the jobs show that something was.
  const isUsed = task.nextOrdinal > 0 || open.some(({ nFilesUsed }) => nFilesUsed > 0);
  if (open.length === 0 || !isUsed || open.some((dataset) => !isProcessed(dataset))) return undefined;
  const mutable = masters.filter(({ state }) => state === 'mutable');
  if (mutable.length > 0)
    return { events: [...datasetsMoved(task, mutable, { status: 'toupdate' }), taskMoved(task, 'defined')] };
  return {
    events: [
      ...inputsEnded(task, open),
      ...datasetsMoved(task, outputsOf(view, task), { status: 'prepared' }),
      taskMoved(task, 'prepared'),
    ],
  };
};

const isProcessed = ({ nFilesToBeUsed, nFilesFinished, nFilesFailed }: Dataset): boolean =>
  nFilesToBeUsed <= nFilesFinished + nFilesFailed;

const ended = (view: PandaView, task: Task, status: EndFacts['status'], timeMicros: number): StageStep => {
  const masters = mastersOf(view, task);
  const { attributes } = task;
  const rules = SplitRules.parse(attributes.splitRule);
  const [files, finished, failed] = [
    sum(masters, 'nFiles'),
    sum(masters, 'nFilesFinished'),
    sum(masters, 'nFilesFailed'),
  ];
  const end = endStatus({
    ...{ status, files, finished },
    isMutable: masters.some(({ state }) => state === 'mutable'),
    mayBeEmpty: rules.has('allowEmptyInput'),
    parent: attributes.parent_tid === task.id ? undefined : view.task(attributes.parent_tid ?? 0)?.status,
    goal: attributes.goal,
    failsBelowGoal: rules.has('failGoalUnreached'),
    becomesExhausted: rules.has('useExhausted'),
  });
  const outputs = end === 'done' ? 'done' : finished > 0 ? 'finished' : 'failed';
  const isFinal = FINAL_TASK_STATUSES.some((word) => word === end);
  const set = {
    ...(isFinal && { endTime: timeText(timeMicros) }),
    progress: files === 0 ? 0 : Math.trunc((100 * finished) / files),
    failureRate: files === 0 ? null : Math.round((100 * failed) / files),
    oldStatus: null,
    lockedBy: null,
    lockedTime: null,
  };
  return {
    events: [
      ...inputsEnded(
        task,
        masters.filter((dataset) => !FINAL_DATASETS.has(dataset.status)),
      ),
      ...datasetsMoved(task, outputsOf(view, task), { status: outputs }),
      end === 'exhausted'
        ? taskStopped(task, end, `${files - finished} of ${files} inputs have not finished`, { set })
        : taskMoved(task, end, { set }),
    ],
  };
};

const inputsEnded = (task: Task, datasets: readonly Dataset[]): readonly DecidedEvent[] =>
  (['done', 'finished', 'failed'] as const).flatMap((status) =>
    datasetsMoved(
      task,
      datasets.filter((dataset) => endOfDataset(dataset) === status),
      { status },
    ),
  );

const endOfDataset = ({ nFiles, nFilesFinished }: Dataset): DatasetStatus => {
  if (nFilesFinished === nFiles) return 'done';
  return nFilesFinished > 0 ? 'finished' : 'failed';
};

const sum = (datasets: readonly Dataset[], counter: 'nFiles' | 'nFilesFinished' | 'nFilesFailed'): number =>
  datasets.reduce((total, dataset) => total + dataset[counter], 0);
