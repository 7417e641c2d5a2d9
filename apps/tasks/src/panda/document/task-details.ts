import type {
  DatasetsAndFilesRequest,
  JumboDatasetsRequest,
  TaskDetailsRequest,
  TasksModifiedRequest,
} from '#contracts/panda/documents.js';
import type { Dataset, Task } from '../view.js';
import { isMasterInput } from '../file/input-counts.js';
import { filePages, jobPages } from '../pages.js';
import type { PandaReader } from '../sqlite-view.js';
import { notFound } from './document-answers.js';
import { type JsonPieces, jsonList, jsonObject, type Member, wrappedTime } from './json-text.js';
import { taskDigest } from './task-digest.js';

/** Tasks told with their statistics (contract 6.10). */
const FULL_TASKS_MAX = 500;

const taskOf = (reader: PandaReader, id: number, message: string): Task => {
  const task = reader.task(id);
  if (task === undefined) throw notFound(message);
  return task;
};

/** The command line with which the task was submitted, empty if it is not known. */
export const cliParamsOf = (reader: PandaReader, task: Task): string => {
  const { cliParams } = JSON.parse(reader.taskText(task, 'parameters') ?? '{}') as { readonly cliParams?: unknown };
  return typeof cliParams === 'string' ? cliParams : '';
};

/** `task/get_details` (D16). */
export function* taskDetails(reader: PandaReader, request: TaskDetailsRequest): JsonPieces {
  const task = taskOf(reader, request.task_id, 'Task not found or error retrieving the details');
  const digest = yield* taskDigest(reader, task, 'jobs');
  const members: Member[] = [...digest];
  if (request.include_status) members.push(['status', JSON.stringify(task.status)]);
  if (request.include_parameters) members.push(['cliParams', JSON.stringify(cliParamsOf(reader, task))]);
  yield* jsonObject(members);
}

/** `task/get_tasks_modified_since`: by `reqID`; of tasks that share one, the newest. */
export function* tasksModified(reader: PandaReader, request: TasksModifiedRequest): JsonPieces {
  const { above_task_id: above, label, user } = request;
  const newest = new Map<number, number>();
  for (const id of reader.taskRows.modifiedSince(request.since_micros, user)) {
    if (id <= above) continue;
    const task = reader.task(id);
    yield '';
    if (task === undefined || task.attributes.prodSourceLabel !== label) continue;
    newest.set(task.attributes.reqID ?? id, id);
    if (request.full && newest.size >= FULL_TASKS_MAX) break;
  }
  let separator = '{';
  for (const [reqId, id] of newest) {
    const task = reader.task(id);
    if (task === undefined) continue;
    yield `${separator}"${reqId}":`;
    separator = ',';
    yield* modifiedTask(reader, task, request.full);
  }
  yield separator === '{' ? '{}' : '}';
}

function* modifiedTask(reader: PandaReader, task: Task, isFull: boolean): JsonPieces {
  const { attributes } = task;
  const time = (value: string | null): string => (value === null ? 'null' : wrappedTime(value));
  const members: Member[] = [
    ['jediTaskID', String(task.id)],
    ['modificationTime', time(attributes.modificationTime)],
    ['status', JSON.stringify(task.status)],
    ['processingType', JSON.stringify(attributes.processingType)],
    ['transUses', JSON.stringify(attributes.transUses)],
    ['transHome', JSON.stringify(attributes.transHome)],
    ['architecture', JSON.stringify(attributes.architecture)],
    ['reqID', JSON.stringify(attributes.reqID)],
    ['creationDate', time(attributes.creationDate)],
    ['site', JSON.stringify(attributes.site)],
    ['cloud', JSON.stringify(attributes.cloud)],
    ['taskName', JSON.stringify(attributes.taskName)],
  ];
  if (isFull) {
    members.push(...(yield* taskDigest(reader, task, 'files')));
    members.push(['cliParams', JSON.stringify(cliParamsOf(reader, task))]);
  }
  yield* jsonObject(members);
}

/** `task/get_datasets_and_files`. */
export function* datasetsAndFiles(reader: PandaReader, request: DatasetsAndFilesRequest): JsonPieces {
  const task = reader.task(request.task_id);
  const datasets = task === undefined ? [] : reader.datasets(task).filter(({ type }) => request.types.includes(type));
  if (datasets.length === 0) throw notFound('No data found for the task');
  let separator = '[';
  for (const { id, name } of datasets) {
    yield `${separator}{"dataset":${JSON.stringify({ name, id })},"files":`;
    separator = ',';
    yield* jsonList(request.dataset_only ? [] : fileTexts(reader, id));
    yield '}';
  }
  yield ']';
}

function* fileTexts(reader: PandaReader, datasetId: number): Generator<string, void, void> {
  for (const page of filePages(reader, datasetId)) {
    for (const { lfn, scope, id, status } of page) yield JSON.stringify({ lfn, scope, id, status });
  }
}

/** `task/get_job_ids`. */
export function* taskJobIds(reader: PandaReader, { task_id: id }: { readonly task_id: number }): JsonPieces {
  yield* jsonList(jobIdTexts(reader, reader.task(id)));
}

function* jobIdTexts(reader: PandaReader, task: Task | undefined): Generator<string, void, void> {
  if (task === undefined) return;
  for (const page of jobPages(reader, task)) {
    for (const { pandaId } of page) yield String(pandaId);
  }
}

/** `task/get_task_parameters`: the document as it was submitted. */
export function* taskParameters(reader: PandaReader, { task_id: id }: { readonly task_id: number }): JsonPieces {
  const text = reader.taskText(taskOf(reader, id, 'Task not found'), 'parameters');
  if (text === undefined) throw notFound('Error decoding the task parameters: there are none');
  yield text;
}

/** `task/get_jumbo_job_datasets`. */
export function* jumboDatasets(reader: PandaReader, request: JumboDatasetsRequest): JsonPieces {
  yield* jsonObject(jumboTexts(reader, request));
}

function* jumboTexts(
  reader: PandaReader,
  { from_micros: from, to_micros: to }: JumboDatasetsRequest,
): Generator<Member, void, void> {
  for (const id of reader.taskRows.endedWithJumbo(from, to)) {
    const task = reader.task(id);
    if (task === undefined) continue;
    const names = reader
      .datasets(task)
      .filter(isRealInput)
      .map(({ name }) => name);
    yield [String(id), JSON.stringify({ status: task.status, datasets: names })];
  }
}

const isRealInput = (dataset: Dataset): boolean => isMasterInput(dataset) && dataset.type === 'input';
