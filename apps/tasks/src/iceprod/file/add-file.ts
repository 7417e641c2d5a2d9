import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { type ByteQuota, datasetBytesRefusal } from '#contracts/iceprod/dataset-bytes.js';
import type { DatasetFile, FileAdded } from '#contracts/iceprod/dataset-file-events.js';
import type { AddFileRequest } from '#contracts/iceprod/files.js';
import type { Decided, SlicedDecision } from '#event-sourcing/command.js';
import type { TaskView } from '../task/view.js';
import { fileDocument } from './file-rows.js';
import { unitsOfTask } from '../task/units-of-task.js';

const MOVEMENTS: readonly string[] = ['input', 'output', 'both'];
const COMPRESSIONS: readonly (string | boolean)[] = [
  false,
  true,
  'false',
  'true',
  'none',
  'gzip',
  'gz',
  'bzip',
  'bz2',
  'lzma',
];

/** Finds the task with a job index and a name in a dataset. Yields between slices of the search. */
type FindNamed = (datasetId: string, jobIndex: number, name: string) => Generator<void, string | undefined, void>;

type FileView = Pick<TaskView, 'homeOf' | 'find' | 'streamOf'>;

/** `POST /datasets/{d}/files` and `POST /datasets/{d}/files/{t}`. Adding the same file twice makes two files. */
export function* addFile(
  view: FileView,
  findNamed: FindNamed,
  request: AddFileRequest,
  quota: ByteQuota,
): SlicedDecision<{ task_id: string }> {
  const taskId =
    'task_id' in request ? request.task_id : yield* findNamed(request.dataset_id, request.job_index, request.task_name);
  if (taskId === undefined) return new DomainError('invalid', 'file.unknown-task', 'task referred to not found');
  const { dataset_id: datasetId, filename, movement, local = '', transfer = true, compression = false } = request;
  if (!MOVEMENTS.includes(movement) || !COMPRESSIONS.includes(compression)) {
    return new DomainError('invalid', 'file.invalid', 'invalid file data');
  }
  const file: DatasetFile = { movement, remote: filename, local, transfer, compression };
  const refusal = datasetBytesRefusal('files', quota, Buffer.byteLength(fileDocument(file)));
  if (refusal !== undefined) return refusal;
  const stream = view.homeOf(datasetId);
  const data: FileAdded = { ...unitsOfTask(view, stream, taskId), dataset_id: datasetId, task_id: taskId, file };
  return { events: [{ stream, type: 'FileAdded', data }], reply: { task_id: taskId } };
}

/** `DELETE /datasets/{d}/files/{t}`. Records nothing when there is no file. */
export const removeFiles = (
  view: FileView,
  { dataset_id: datasetId, task_id: taskId }: { readonly dataset_id: string; readonly task_id: string },
  hasFiles: boolean,
): Decided<Nothing> => {
  if (!hasFiles) return { events: [], reply: {} };
  const stream = view.homeOf(datasetId);
  const data = { ...unitsOfTask(view, stream, taskId), dataset_id: datasetId, task_id: taskId };
  return { events: [{ stream, type: 'FilesRemoved', data }], reply: {} };
};
