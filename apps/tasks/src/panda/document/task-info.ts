import { TASK_ATTRIBUTES, TASK_TIMES, type TaskAttribute } from '#contracts/panda/task-attributes.js';
import type { JobTemplate } from '#contracts/panda/template.js';
import { inputCounts } from '../file/input-counts.js';
import { SplitRules } from '../refine/split-rules.js';
import type { PandaReader } from '../sqlite-view.js';
import type { Task } from '../view.js';
import { notFound } from './document-answers.js';
import type { JsonPieces } from './json-text.js';
import { jsonObject, wrappedTime } from './json-text.js';
import { cliParamsOf } from './task-details.js';

const NO_INFO = 'Task not found or error retrieving task info';

interface OfTask {
  readonly task_id: number;
}

/** `task/get_detailed_info`. */
export function* taskDetailedInfo(reader: PandaReader, { task_id: id }: OfTask): JsonPieces {
  const task = reader.task(id);
  if (task === undefined) throw notFound(NO_INFO);
  yield* taskInfo(reader, task);
}

/** `task/get_parent_detailed_info`. A task that names itself has no parent. */
export function* parentDetailedInfo(reader: PandaReader, { task_id: id }: OfTask): JsonPieces {
  const child = reader.task(id);
  if (child === undefined) throw notFound('Child task not found');
  const { parent_tid: parentId } = child.attributes;
  if (parentId === null || parentId === id) throw notFound('No parent task found');
  const parent = reader.task(parentId);
  if (parent === undefined) throw notFound('Parent task not found');
  yield* taskInfo(reader, parent);
}

/** All attributes of a task with what was submitted and how far it is. */
export function* taskInfo(reader: PandaReader, task: Task): JsonPieces {
  const { files, finished, failed, missing } = inputCounts(reader.datasets(task));
  // Of a task at work too, not only of one that has ended.
  const progress = String(files === 0 ? 0 : Math.trunc((100 * finished) / files));
  const percentage = (count: number): number => (files === 0 ? 0 : Math.round((100 * count) / files));
  yield* jsonObject([
    ...TASK_ATTRIBUTES.map((name) => [name, name === 'progress' ? progress : attributeText(task, name)] as const),
    ['job_execution_params', JSON.stringify(executionParameters(reader, task))],
    ['task_creation_arguments', JSON.stringify(cliParamsOf(reader, task))],
    ['raw_task_params', reader.taskText(task, 'parameters') ?? 'null'],
    ...Object.entries({ nFiles: files, nFilesFinished: finished, nFilesFailed: failed, nFilesMissing: missing }).map(
      ([name, count]) => [name, String(count)] as const,
    ),
    ['pctFinished', String(percentage(finished))],
    ['pctFailed', String(percentage(failed))],
  ]);
}

const attributeText = ({ attributes }: Task, name: TaskAttribute): string => {
  const value = attributes[name];
  if (name === 'splitRule' && typeof value === 'string') return JSON.stringify(SplitRules.parse(value).spelledOut());
  return TASK_TIMES.has(name) && typeof value === 'string' ? wrappedTime(value) : JSON.stringify(value);
};

/** The command line of jobs, with placeholders; null before refinement. */
const executionParameters = (reader: PandaReader, task: Task): string | null => {
  const template = reader.taskText(task, 'template');
  return template === undefined ? null : (JSON.parse(template) as JobTemplate).parameters;
};
