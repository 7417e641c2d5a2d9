import { formatTimestamp } from '#platform/clock.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import type { ListTaskLogsRequest, LogPage, LogText, QueryLogsRequest } from '#contracts/iceprod/logs.js';
import { membersOf } from '#contracts/raw-json.js';
import type { BlobStore } from '#storage/blob-store.js';
import { microsNotBefore } from '../task-stat/task-stat-rows.js';
import type { LogEntry, LogPlace, Logs } from './log-rows.js';

/** Larger bodies stay in the blob store until the answer is written. */
const INLINE_BYTES_MAX = 64 * 1024;

/** A page ends when its texts pass this size, so that a page is one message. */
const PAGE_CHARACTERS = 256 * 1024;

const PAGE_LOGS = 500;

const DEFAULT_KEYS = ['name', 'data', 'timestamp', 'task_id', 'dataset_id'];
const DEFAULT_GROUP_KEYS = ['log_id', ...DEFAULT_KEYS];

/** The document of a log, its body last, as a gap where it is large. */
export const logText = async (
  blobs: BlobStore,
  { id, createdMicros, blobKey, size, fields }: LogEntry,
  wanted: WantedFields | undefined,
): Promise<LogText> => {
  const members = new Map([
    ['log_id', JSON.stringify(id)],
    ...membersOf(fields),
    ['timestamp', JSON.stringify(formatTimestamp(createdMicros))],
  ]);
  const head = pickFields(members, wanted);
  if (wanted !== undefined && wanted.get('data') !== 'whole') return { before: head, after: '' };
  const before = `${head.slice(0, -1)}${head === '{}' ? '' : ','}"data":`;
  if (size > INLINE_BYTES_MAX) return { before, blob: blobKey, after: '}' };
  return { before: `${before}${(await blobs.getText(blobKey)) ?? '""'}}`, after: '' };
};

interface Filled {
  readonly entries: readonly LogText[];
  /** The last log of the page, when more follow. */
  readonly last?: LogEntry;
}

const fill = async (logs: readonly LogEntry[], text: (entry: LogEntry) => Promise<LogText>): Promise<Filled> => {
  const entries: LogText[] = [];
  let characters = 0;
  for (const [index, log] of logs.entries()) {
    const entry = await text(log);
    entries.push(entry);
    characters += entry.before.length;
    const isFull = characters >= PAGE_CHARACTERS || entries.length >= PAGE_LOGS;
    if (isFull && index + 1 < logs.length) return { entries, last: log };
  }
  return { entries };
};

const placeOf = ({ createdMicros, id }: LogEntry): LogPlace => ({ micros: createdMicros, id });

interface QueryCursor {
  readonly after: LogPlace;
  /** Logs that the limit leaves; 0 means any number. */
  readonly left: number;
}

/** `GET /logs`: one page of `"<log_id>":{...}` texts, oldest first. */
export const queryLogs = async (logs: Logs, blobs: BlobStore, request: QueryLogsRequest): Promise<LogPage> => {
  const { name, dataset_id: datasetId, task_id: taskId, from, to, cursor } = request;
  const { after, left } =
    cursor === undefined ? { after: undefined, left: request.limit } : (JSON.parse(cursor) as QueryCursor);
  const filter = {
    name,
    datasetId,
    taskId,
    fromMicros: from === undefined ? undefined : microsNotBefore(from),
    // The first text behind `to` is `to` with the least character added.
    toMicros: to === undefined ? undefined : microsNotBefore(`${to}\u0000`),
  };
  const wanted = wantedFields(request.keys ?? DEFAULT_KEYS, ['log_id']);
  const most = left === 0 ? Infinity : left;
  // One more than a page tells whether another page follows.
  const listed = logs.list(filter, 'asc', Math.min(PAGE_LOGS + 1, most), after);
  const { entries, last } = await fill(listed, async (entry) => {
    const text = await logText(blobs, entry, wanted);
    return { ...text, before: `${JSON.stringify(entry.id)}:${text.before}` };
  });
  if (last === undefined) return { entries };
  const next: QueryCursor = { after: placeOf(last), left: left === 0 ? 0 : left - entries.length };
  return { entries, next: JSON.stringify(next) };
};

const firstOfEachName = (entries: readonly LogEntry[]): LogEntry[] => {
  const names = new Set<string>();
  return entries.filter(({ name }) => names.size < names.add(name).size);
};

const isBehind = ({ createdMicros, id }: LogEntry, place: LogPlace, order: 'asc' | 'desc'): boolean => {
  const isLater = createdMicros > place.micros || (createdMicros === place.micros && id > place.id);
  const isSame = createdMicros === place.micros && id === place.id;
  return order === 'asc' ? isLater : !isLater && !isSame;
};

/** `GET /datasets/{d}/tasks/{t}/logs`: one page of documents; undefined when the task has no log at all. */
export const listTaskLogs = async (
  logs: Logs,
  blobs: BlobStore,
  { dataset_id: datasetId, task_id: taskId, num, group, order, keys, cursor }: ListTaskLogsRequest,
): Promise<LogPage | undefined> => {
  const all = logs.list({ datasetId, taskId }, order, -1);
  if (all.length === 0 && cursor === undefined) return undefined;
  const grouped = group ? firstOfEachName(all) : all;
  const shown = num === 0 ? grouped : grouped.slice(0, num);
  const place = cursor === undefined ? undefined : (JSON.parse(cursor) as LogPlace);
  const wanted = wantedFields(keys ?? (group ? DEFAULT_GROUP_KEYS : undefined));
  const { entries, last } = await fill(
    place === undefined ? shown : shown.filter((entry) => isBehind(entry, place, order)),
    (entry) => logText(blobs, entry, wanted),
  );
  return last === undefined ? { entries } : { entries, next: JSON.stringify(placeOf(last)) };
};
