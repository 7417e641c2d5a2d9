import { formatTimestamp } from '#platform/clock.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import type { ListTaskLogsRequest, LogText, QueryLogsRequest } from '#contracts/iceprod/logs.js';
import { membersOf } from '#contracts/raw-json.js';
import type { Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';
import type { BlobStore } from '#storage/blob-store.js';
import { microsNotBefore } from '../task-stat/task-stat-rows.js';
import type { LogEntry, LogCursor, Logs } from './log-rows.js';

/** Larger bodies are read from the blob store when the answer is written. */
const INLINE_BYTES_MAX = 64 * 1024;

/** Logs read at a time: a few milliseconds. */
const LOGS_AT_ONCE = 200;

const DEFAULT_KEYS = ['name', 'data', 'timestamp', 'task_id', 'dataset_id'];
const DEFAULT_GROUP_KEYS = ['log_id', ...DEFAULT_KEYS];

/** The document of a log. Its body comes last; a large one is left out as a gap. */
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

/** Bodies read at a time: enough to keep the threads that read files busy. */
const BODIES_AT_ONCE = 16;

/** Logs whose inlined bodies fit into one chunk of a page. */
function* readTogether(logs: Iterable<LogEntry>): Generator<readonly LogEntry[], void, void> {
  let group: LogEntry[] = [];
  let bytes = 0;
  for (const log of logs) {
    const inlined = log.size > INLINE_BYTES_MAX ? 0 : log.size;
    if (group.length === BODIES_AT_ONCE || bytes + inlined > INLINE_BYTES_MAX) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(log);
    bytes += inlined;
  }
  if (group.length > 0) yield group;
}

async function* texts(logs: Iterable<LogEntry>, text: (entry: LogEntry) => Promise<LogText>): Chunks<LogText> {
  for (const group of readTogether(logs)) yield { entries: await Promise.all(group.map(text)) };
  return undefined;
}

const cursorAfter = ({ createdMicros, id }: LogEntry): LogCursor => ({ micros: createdMicros, id });

/** `GET /logs`: `"<log_id>":{...}` texts, oldest first. */
export async function* queryLogs(logs: Logs, blobs: BlobStore, request: QueryLogsRequest): Chunks<LogText> {
  const { name, dataset_id: datasetId, task_id: taskId, from, to, limit } = request;
  const filter = {
    name,
    datasetId,
    taskId,
    fromMicros: from === undefined ? undefined : microsNotBefore(from),
    // The first text after `to` is `to` with the smallest character appended.
    toMicros: to === undefined ? undefined : microsNotBefore(`${to}\u0000`),
  };
  const wanted = wantedFields(request.keys ?? DEFAULT_KEYS, ['log_id']);
  const slices = new Slices();
  let left = limit === 0 ? Infinity : limit;
  let cursor: LogCursor | undefined;
  for (;;) {
    const listed = logs.list(filter, 'asc', Math.min(LOGS_AT_ONCE, left), cursor);
    yield* texts(listed, async (entry) => {
      const text = await logText(blobs, entry, wanted);
      return { ...text, before: `${JSON.stringify(entry.id)}:${text.before}` };
    });
    const last = listed.at(-1);
    left -= listed.length;
    if (last === undefined || left === 0) return undefined;
    cursor = cursorAfter(last);
    if (slices.spent) await slices.pause();
  }
}

const firstOfEachName = (entries: readonly LogEntry[]): LogEntry[] => {
  const names = new Set<string>();
  return entries.filter(({ name }) => names.size < names.add(name).size);
};

/** `GET /datasets/{d}/tasks/{t}/logs`: documents; undefined when the task has no log at all. */
export const listTaskLogs = (
  logs: Logs,
  blobs: BlobStore,
  { dataset_id: datasetId, task_id: taskId, num, group, order, keys }: ListTaskLogsRequest,
): Chunks<LogText> | undefined => {
  const all = logs.list({ datasetId, taskId }, order, -1);
  if (all.length === 0) return undefined;
  const grouped = group ? firstOfEachName(all) : all;
  const shown = num === 0 ? grouped : grouped.slice(0, num);
  const wanted = wantedFields(keys ?? (group ? DEFAULT_GROUP_KEYS : undefined));
  return texts(shown, (entry) => logText(blobs, entry, wanted));
};
