import type { AddLogRequest, DeleteLogsRequest } from '#contracts/iceprod/logs.js';
import type { LogsDeleted, LogStored } from '#contracts/iceprod/log-events.js';
import { type ByteQuota, datasetBytesRefusal } from '#contracts/iceprod/dataset-bytes.js';
import type { BlobReference } from '#contracts/work-events.js';
import type { Decided, Decision } from '#event-sourcing/command.js';
import { unitsOfTask } from '../task/units-of-task.js';
import type { TaskView } from '../task/view.js';
import { type LogEntry, type Logs, dailyLogStream } from './log-rows.js';

type LogView = Pick<TaskView, 'homeOf' | 'find' | 'streamOf'>;

/**
 * `POST /logs` and `POST /datasets/{d}/logs`. Dataset and task need not exist.
 *
 * @param quota of the dataset, for logs
 */
export const storeLog = (
  view: LogView,
  { dataset_id: datasetId, task_id: taskId, name, fields }: AddLogRequest,
  { id, timeMicros, body }: { readonly id: string; readonly timeMicros: number; readonly body: BlobReference },
  quota: ByteQuota,
): Decision<{ log_id: string }> => {
  const more = body.size + Buffer.byteLength(fields);
  const refusal = datasetId === undefined ? undefined : datasetBytesRefusal('logs', quota, more);
  if (refusal !== undefined) return refusal;
  const stream = datasetId === undefined ? dailyLogStream(timeMicros) : view.homeOf(datasetId);
  const data: LogStored = {
    ...unitsOfTask(view, stream, taskId),
    log_id: id,
    ...(datasetId !== undefined && { dataset_id: datasetId }),
    ...(taskId !== undefined && { task_id: taskId }),
    name,
    fields,
    body,
  };
  return { events: [{ stream, type: 'LogStored', data }], reply: { log_id: id } };
};

/** Blobs to delete once the deletion is recorded. */
export interface DeletedLogs {
  readonly blobs: readonly string[];
  readonly left: number;
}

const deleted = (
  logs: Logs,
  entries: readonly LogEntry[],
  left: number,
  concerned: Pick<LogsDeleted, 'units'> = {},
): Decided<DeletedLogs> => {
  const [first] = entries;
  if (first === undefined) return { events: [], reply: { blobs: [], left } };
  const data: LogsDeleted = { ...concerned, logs: entries.map(({ id }) => id) };
  return {
    events: [{ stream: logs.streamOf(first), type: 'LogsDeleted', data }],
    reply: { blobs: entries.map(({ blobKey }) => blobKey), left },
  };
};

/** `DELETE /logs/{id}`. Succeeds for unknown logs too. */
export const deleteLog = (view: LogView, logs: Logs, id: string): Decided<DeletedLogs> => {
  const entry = logs.one(id);
  if (entry === undefined) return deleted(logs, [], 0);
  return deleted(logs, [entry], 0, unitsOfTask(view, logs.streamOf(entry), entry.taskId));
};

/** The oldest logs of a dataset, or of one task of it. */
export const deleteLogs = (view: LogView, logs: Logs, request: DeleteLogsRequest): Decided<DeletedLogs> => {
  const filter = { datasetId: request.dataset_id, taskId: request.task_id };
  const entries = logs.list(filter, 'asc', request.limit);
  const units = unitsOfTask(view, view.homeOf(request.dataset_id), request.task_id);
  const isLast = entries.length < request.limit;
  const left = isLast ? 0 : Math.max(0, (request.left ?? logs.count(filter)) - entries.length);
  return deleted(logs, entries, left, units);
};
