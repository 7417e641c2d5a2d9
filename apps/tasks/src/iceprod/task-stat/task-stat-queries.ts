import { formatTimestamp } from '#platform/clock.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { objectText } from '#contracts/raw-json.js';
import { CHUNK_CHARACTERS_MAX, type Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import type { BlobStore } from '#storage/blob-store.js';
import {
  microsNotBefore,
  type TaskStatEntry,
  type TaskStatPage,
  type TaskStatCursor,
  type TaskStats,
} from './task-stat-rows.js';

/** Records rendered between two checks of the page size. */
const CHUNK = 100;

/** The document of one record. Its body is in the table or the blob store; a missing blob reads as an empty object. */
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

/**
 * Renders records, reading the table page by page.
 *
 * @param limit maximum records of a page of the answer
 * @param next reads the records after a cursor
 */
async function* texts(
  limit: number,
  next: (cursor: TaskStatCursor) => TaskStatPage,
  text: (entry: TaskStatEntry) => Promise<string | undefined>,
): Chunks {
  const slices = new Slices();
  let cursor: TaskStatCursor | undefined = { taskId: '', id: '' };
  let entries: string[] = [];
  let characters = 0;
  let ofPage = 0;
  while (cursor !== undefined) {
    const page: TaskStatPage = next(cursor);
    for (const entry of page.entries) {
      const made = await text(entry);
      if (made === undefined) continue;
      entries.push(made);
      ofPage += 1;
      const endsPage = ofPage >= limit;
      characters += made.length;
      if (!endsPage && entries.length < CHUNK && characters < CHUNK_CHARACTERS_MAX) continue;
      yield { entries, endsPage };
      [entries, characters] = [[], 0];
      if (endsPage) ofPage = 0;
    }
    yield { entries };
    [entries, characters] = [[], 0];
    if (slices.spent) await slices.pause();
    cursor = page.full ? page.entries.at(-1) : undefined;
  }
  return undefined;
}

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

/** `GET /datasets/{d}/tasks/{t}/task_stats`: `"<task_stat_id>":{...}` texts. */
export const listTaskStats = (stats: TaskStats, blobs: BlobStore, request: ListRequest): Chunks => {
  const { dataset_id: datasetId, task_id: taskId } = request;
  const wanted = wantedFields(request.keys, forcedKeys(request.last));
  const newest = (): TaskStatPage => {
    const entry = stats.lastOfTask(datasetId, taskId);
    return { entries: entry === undefined ? [] : [entry], full: false };
  };
  const next = request.last ? newest : ({ id }: TaskStatCursor) => stats.ofTask(datasetId, taskId, id);
  return texts(Infinity, next, async (entry) => {
    return `${JSON.stringify(entry.id)}:${await recordText(stats, blobs, datasetId, entry, wanted)}`;
  });
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

/** `GET /datasets/{d}/bulk/task_stats`: records by task, in creation order within a task. */
export const exportTaskStats = (stats: TaskStats, blobs: BlobStore, request: ExportRequest): Chunks => {
  const { dataset_id: datasetId, after } = request;
  const wanted = wantedFields(request.keys, forcedKeys(request.last));
  const notBefore = after === undefined ? 0 : microsNotBefore(after);
  const next = (cursor: TaskStatCursor): TaskStatPage =>
    request.last ? stats.newest(datasetId, cursor) : stats.all(datasetId, cursor);
  return texts(request.limit, next, (entry) =>
    entry.createdMicros < notBefore ? Promise.resolve(undefined) : recordText(stats, blobs, datasetId, entry, wanted),
  );
};
