import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { formatTimestamp } from '#platform/clock.js';
import { ref, streamName } from '#ledger/ref.js';
import type { WorkloadId, Workloads } from '../../workload/workloads.js';
import { bytesTable, StoredBytes } from '../stored-bytes.js';
import { ICEPROD } from '../streams.js';

/** `workload` is null for logs without a dataset. The body is in the blob store. */
export const LOG_TABLES = `
CREATE TABLE log (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  workload INTEGER,
  task_id TEXT,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  blob TEXT NOT NULL,
  size INTEGER NOT NULL,
  fields TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_id ON log (id);${bytesTable('log_bytes')}`;

/** Logs are sorted by time; ids order those of the same microsecond. */
export const LOG_INDEXES = `
CREATE UNIQUE INDEX log_blob ON log (blob);
CREATE INDEX log_time ON log (created, id);
CREATE INDEX log_name ON log (name, created, id);
CREATE INDEX log_dataset ON log (workload, created, id);
CREATE INDEX log_task ON log (task_id, created, id);`;

/** The bytes of the logs of datasets. */
export const logBytes = (database: DatabaseSync): StoredBytes => new StoredBytes(database, 'log_bytes');

/** Length of `YYYY-MM-DD`. */
const DAY_CHARACTERS = 10;

/** The stream of logs without a dataset: one a day, so that no stream grows without bound. */
export const dailyLogStream = (timeMicros: number): string =>
  streamName('work', ref('iceprod', 'logs', formatTimestamp(timeMicros).slice(0, DAY_CHARACTERS)));

export interface LogEntry {
  readonly id: string;
  readonly workload: WorkloadId | undefined;
  readonly taskId: string | undefined;
  readonly name: string;
  readonly createdMicros: number;
  readonly blobKey: string;
  /** Bytes of the body. */
  readonly size: number;
  /** Raw JSON of an object. */
  readonly fields: string;
}

/** The position after a log in a list of logs. */
export interface LogCursor {
  readonly micros: number;
  readonly id: string;
}

interface LogFilter {
  readonly datasetId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly name?: string | undefined;
  /** Inclusive. */
  readonly fromMicros?: number | undefined;
  /** Exclusive. */
  readonly toMicros?: number | undefined;
}

const entryOf = (row: Record<string, SQLOutputValue>): LogEntry => ({
  id: String(row['id']),
  workload: row['workload'] === null ? undefined : Number(row['workload']),
  taskId: row['task_id'] === null ? undefined : String(row['task_id']),
  name: String(row['name']),
  createdMicros: Number(row['created']),
  blobKey: String(row['blob']),
  size: Number(row['size']),
  fields: String(row['fields']),
});

/** Reads logs through one connection: `queries` for queries, `writer` for commands. */
export class Logs {
  private readonly selectOne: StatementSync;
  private readonly selectBlob: StatementSync;
  private readonly bytes: StoredBytes;
  private readonly statements = new Map<string, StatementSync>();

  constructor(
    private readonly database: DatabaseSync,
    private readonly workloads: Workloads,
  ) {
    this.selectOne = database.prepare('SELECT * FROM log WHERE id = ?');
    this.selectBlob = database.prepare('SELECT 1 FROM log WHERE blob = ?');
    this.bytes = logBytes(database);
  }

  one(id: string): LogEntry | undefined {
    const row = this.selectOne.get(id);
    return row === undefined ? undefined : entryOf(row);
  }

  ofDataset(id: string, datasetId: string): LogEntry | undefined {
    const entry = this.one(id);
    return entry?.workload !== undefined && this.workloads.nameOf(entry.workload) === datasetId ? entry : undefined;
  }

  /** The stream that records the log and its deletion. */
  streamOf({ workload, createdMicros }: LogEntry): string {
    return workload === undefined ? dailyLogStream(createdMicros) : this.workloads.workStreamOf(workload);
  }

  /** At most `limit` logs that match, oldest or newest first. */
  list(filter: LogFilter, order: 'asc' | 'desc', limit: number, after?: LogCursor): LogEntry[] {
    const where = this.where(filter);
    if (where === undefined) return [];
    const behind = order === 'asc' ? '>' : '<';
    const conditions = [...where.conditions, ...(after === undefined ? [] : [`(created, id) ${behind} (?, ?)`])];
    const values = [...where.values, ...(after === undefined ? [] : [after.micros, after.id]), limit];
    const text = `SELECT * FROM log ${whereText(conditions)} ORDER BY created ${order}, id ${order} LIMIT ?`;
    return this.prepared(text)
      .all(...values)
      .map(entryOf);
  }

  count(filter: LogFilter): number {
    const where = this.where(filter);
    if (where === undefined) return 0;
    return Number(
      this.prepared(`SELECT count(*) AS n FROM log ${whereText(where.conditions)}`).get(...where.values)?.['n'],
    );
  }

  /** Bytes of the logs of a dataset. */
  bytesOf(datasetId: string): number {
    const workload = this.workloads.find(ICEPROD, datasetId);
    return workload === undefined ? 0 : this.bytes.of(workload);
  }

  /** Whether some log's body is the blob. */
  holds(blobKey: string): boolean {
    return this.selectBlob.get(blobKey) !== undefined;
  }

  /** Undefined when nothing can match. */
  private where({
    datasetId,
    taskId,
    name,
    fromMicros,
    toMicros,
  }: LogFilter): { readonly conditions: string[]; readonly values: SQLInputValue[] } | undefined {
    const workload = datasetId === undefined ? undefined : this.workloads.find(ICEPROD, datasetId);
    if (datasetId !== undefined && workload === undefined) return undefined;
    const given: readonly (readonly [string, SQLInputValue | undefined])[] = [
      // The unary plus keeps SQLite from reading all logs of the dataset for those of one task.
      [taskId === undefined ? 'workload = ?' : '+workload = ?', workload],
      ['task_id = ?', taskId],
      ['name = ?', name],
      ['created >= ?', fromMicros],
      ['created < ?', toMicros],
    ];
    const [conditions, values]: [string[], SQLInputValue[]] = [[], []];
    for (const [condition, value] of given) {
      if (value === undefined) continue;
      conditions.push(condition);
      values.push(value);
    }
    return { conditions, values };
  }

  /** Cached, because there are few combinations of filters. */
  private prepared(text: string): StatementSync {
    const known = this.statements.get(text);
    if (known !== undefined) return known;
    const statement = this.database.prepare(text);
    this.statements.set(text, statement);
    return statement;
  }
}

const whereText = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
