import { formatTimestamp } from '#platform/clock.js';
import type { Page } from '#bus/contract.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { objectText } from '#contracts/raw-json.js';
import type { BlobStore } from '#storage/blob-store.js';
import {
  microsNotBefore,
  type TaskStatEntry,
  type TaskStatPage,
  type TaskStatPlace,
  type TaskStats,
} from './task-stat-rows.js';

/** A page ends when its records pass this size, so that a page is one message. */
const PAGE_BYTES = 256 * 1024;

/** Text of one record, with its body from table or blob store; a vanished blob reads as an empty object. */
const recordText = async (
  stats: TaskStats,
  blobs: BlobStore,
  datasetId: string,
  entry: TaskStatEntry,
  wanted: WantedFields | undefined,
): Promise<string> => {
  const members = new Map([
    ['task_stat_id', JSON.stringify(entry.id)],
    ['task_id', JSON.stringify(entry.taskId)],
    ['dataset_id', JSON.stringify(datasetId)],
    ['create_date', JSON.stringify(formatTimestamp(entry.createdMicros))],
  ]);
  if (wanted === undefined || wanted.has('stats')) {
    const body = stats.bodyOf(entry);
    members.set('stats', 'raw' in body ? body.raw : ((await blobs.getText(body.blobKey)) ?? '{}'));
  }
  return wanted === undefined ? objectText(members) : pickFields(members, wanted);
};

/** Texts of the records until the page is large enough, and the last record looked at if more may follow. */
const fill = async (
  { entries, full }: TaskStatPage,
  limit: number,
  text: (entry: TaskStatEntry) => Promise<string | undefined>,
): Promise<{ readonly texts: readonly string[]; readonly last: TaskStatEntry | undefined }> => {
  const texts: string[] = [];
  let bytes = 0;
  for (const [index, entry] of entries.entries()) {
    const next = await text(entry);
    if (next !== undefined) {
      texts.push(next);
      bytes += Buffer.byteLength(next);
    }
    const more = full || index + 1 < entries.length;
    if (more && (bytes >= PAGE_BYTES || texts.length >= limit)) return { texts, last: entry };
  }
  return { texts, last: full ? entries.at(-1) : undefined };
};

const forcedKeys = (last: boolean): readonly string[] => (last ? ['task_stat_id', 'create_date'] : ['task_stat_id']);

export interface ListRequest {
  readonly dataset_id: string;
  readonly task_id: string;
  readonly last: boolean;
  readonly keys?: readonly string[];
  readonly cursor?: string;
}

export interface ExportRequest {
  readonly dataset_id: string;
  readonly last: boolean;
  readonly after?: string;
  readonly keys?: readonly string[];
  readonly limit: number;
  readonly cursor?: string;
}

/** `GET /datasets/{d}/tasks/{t}/task_stats`: one page of `"<task_stat_id>":{...}` texts. */
export const listTaskStats = async (stats: TaskStats, blobs: BlobStore, request: ListRequest): Promise<Page> => {
  const { dataset_id: datasetId, task_id: taskId } = request;
  const wanted = wantedFields(request.keys, forcedKeys(request.last));
  const newest = request.last ? stats.lastOfTask(datasetId, taskId) : undefined;
  const page = request.last
    ? { entries: newest === undefined ? [] : [newest], full: false }
    : stats.ofTask(datasetId, taskId, request.cursor ?? '');
  const { texts, last } = await fill(page, Infinity, async (entry) => {
    return `${JSON.stringify(entry.id)}:${await recordText(stats, blobs, datasetId, entry, wanted)}`;
  });
  return last === undefined ? { entries: texts } : { entries: texts, next: last.id };
};

/** `GET /datasets/{d}/tasks/{t}/task_stats/{id}` */
export const getTaskStat = async (
  stats: TaskStats,
  blobs: BlobStore,
  request: { readonly dataset_id: string; readonly task_id: string; readonly task_stat_id: string },
): Promise<string | undefined> => {
  const entry = stats.one(request.dataset_id, request.task_id, request.task_stat_id);
  return entry === undefined ? undefined : recordText(stats, blobs, request.dataset_id, entry, undefined);
};

const FIRST: TaskStatPlace = { taskId: '', id: '' };

const readPlace = (cursor: string | undefined): TaskStatPlace =>
  cursor === undefined ? FIRST : (JSON.parse(cursor) as TaskStatPlace);

/** `GET /datasets/{d}/bulk/task_stats`: one page of records, by task, in creation order within a task. */
export const exportTaskStats = async (stats: TaskStats, blobs: BlobStore, request: ExportRequest): Promise<Page> => {
  const { dataset_id: datasetId, after } = request;
  const wanted = wantedFields(request.keys, forcedKeys(request.last));
  const notBefore = after === undefined ? 0 : microsNotBefore(after);
  const place = readPlace(request.cursor);
  const page = request.last ? stats.newest(datasetId, place) : stats.all(datasetId, place);
  const { texts, last } = await fill(page, request.limit, (entry) =>
    entry.createdMicros < notBefore ? Promise.resolve(undefined) : recordText(stats, blobs, datasetId, entry, wanted),
  );
  if (last === undefined) return { entries: texts };
  const next: TaskStatPlace = { taskId: last.taskId, id: last.id };
  return { entries: texts, next: JSON.stringify(next) };
};
