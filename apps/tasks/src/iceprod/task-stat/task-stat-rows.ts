import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { formatTimestamp } from '#platform/clock.js';
import type { Workloads } from '../../workload/workloads.js';
import { ICEPROD } from '../streams.js';

/** Records read for one page. Bodies are read only for those that are shown. */
const PAGE_SCAN = 1_000;

export const TASK_STAT_TABLES = `
CREATE TABLE task_stat (
  key INTEGER PRIMARY KEY,
  workload INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created INTEGER NOT NULL,
  body TEXT,
  blob TEXT
) STRICT;`;

/** Ids are generated and grow with time, so that they are in the order of creation. Few bodies are blobs. */
export const TASK_STAT_INDEXES = `
CREATE UNIQUE INDEX task_stat_order ON task_stat (workload, task_id, id);
CREATE INDEX task_stat_blob ON task_stat (blob) WHERE blob IS NOT NULL;`;

/** Prefix of the keys of bodies in the blob store. */
export const STAT_BLOBS = 'task-stat/';

/** A record without its body. */
export interface TaskStatEntry {
  readonly key: number;
  readonly id: string;
  readonly taskId: string;
  readonly createdMicros: number;
}

/** Raw JSON, or the key of the blob that holds it. */
type TaskStatBody = { readonly raw: string } | { readonly blobKey: string };

/** The last record of the previous page. */
export interface TaskStatCursor {
  readonly taskId: string;
  readonly id: string;
}

export interface TaskStatPage {
  readonly entries: readonly TaskStatEntry[];
  /** Whether more may follow. */
  readonly full: boolean;
}

const entryOf = (row: Record<string, SQLOutputValue>): TaskStatEntry => ({
  key: Number(row['key']),
  id: String(row['id']),
  taskId: String(row['task_id']),
  createdMicros: Number(row['created']),
});

/** The earliest time whose text is not less than `text`. Comparing times with it equals comparing texts. */
export const microsNotBefore = (text: string): number => {
  let low = 0;
  let high = Number.MAX_SAFE_INTEGER;
  while (low < high) {
    // Subtracting first: the sum would be rounded beyond 2^53, and the search would not end.
    const middle = low + Math.floor((high - low) / 2);
    if (formatTimestamp(middle) >= text) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Reads records of tasks' statistics. */
export class TaskStats {
  private readonly selectOfTask: StatementSync;
  private readonly selectLastOfTask: StatementSync;
  private readonly selectOne: StatementSync;
  private readonly selectAll: StatementSync;
  private readonly selectNewest: StatementSync;
  private readonly selectBody: StatementSync;
  private readonly selectBlob: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly workloads: Workloads,
  ) {
    const entry = 'SELECT key, task_id, id, created FROM task_stat WHERE workload = ?';
    this.selectOfTask = database.prepare(`${entry} AND task_id = ? AND id > ? ORDER BY id LIMIT ${String(PAGE_SCAN)}`);
    this.selectLastOfTask = database.prepare(`${entry} AND task_id = ? ORDER BY id DESC LIMIT 1`);
    this.selectOne = database.prepare(`${entry} AND task_id = ? AND id = ?`);
    this.selectAll = database.prepare(
      `${entry} AND (task_id, id) > (?, ?) ORDER BY task_id, id LIMIT ${String(PAGE_SCAN)}`,
    );
    // SQLite takes the other columns from the row that has the maximum.
    this.selectNewest = database.prepare(
      `SELECT key, task_id, max(id) AS id, created FROM task_stat WHERE workload = ? AND task_id > ?
       GROUP BY task_id ORDER BY task_id LIMIT ${String(PAGE_SCAN)}`,
    );
    this.selectBody = database.prepare('SELECT body, blob FROM task_stat WHERE key = ?');
    this.selectBlob = database.prepare('SELECT 1 FROM task_stat WHERE blob = ?');
  }

  ofTask(datasetId: string, taskId: string, afterId: string): TaskStatPage {
    return this.page(datasetId, (workload) => this.selectOfTask.all(workload, taskId, afterId));
  }

  lastOfTask(datasetId: string, taskId: string): TaskStatEntry | undefined {
    return this.page(datasetId, (workload) => this.selectLastOfTask.all(workload, taskId)).entries[0];
  }

  one(datasetId: string, taskId: string, id: string): TaskStatEntry | undefined {
    return this.page(datasetId, (workload) => this.selectOne.all(workload, taskId, id)).entries[0];
  }

  /** Of all tasks, by task. */
  all(datasetId: string, { taskId, id }: TaskStatCursor): TaskStatPage {
    return this.page(datasetId, (workload) => this.selectAll.all(workload, taskId, id));
  }

  /** The newest record of each task. */
  newest(datasetId: string, { taskId }: TaskStatCursor): TaskStatPage {
    return this.page(datasetId, (workload) => this.selectNewest.all(workload, taskId));
  }

  bodyOf({ key }: TaskStatEntry): TaskStatBody {
    const row = this.selectBody.get(key);
    return typeof row?.['blob'] === 'string' ? { blobKey: row['blob'] } : { raw: String(row?.['body'] ?? '{}') };
  }

  /** Whether some record's body is the blob. */
  holds(blobKey: string): boolean {
    return this.selectBlob.get(blobKey) !== undefined;
  }

  private page(
    datasetId: string,
    select: (workload: number) => readonly Record<string, SQLOutputValue>[],
  ): TaskStatPage {
    const workload = this.workloads.find(ICEPROD, datasetId);
    const rows = workload === undefined ? [] : select(workload);
    return { entries: rows.map(entryOf), full: rows.length === PAGE_SCAN };
  }
}
