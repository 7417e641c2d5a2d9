import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { ACTIONS, type Action, REQUEST_STATUSES, type RequestStatus } from '#contracts/iceprod/actions.js';
import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { priorityOf, REQUEST_STREAMS, type StoredRequest } from './request.js';

const EVENT_TYPES: Readonly<Record<keyof RequestEvents, true>> = {
  RequestQueued: true,
  RequestStarted: true,
  RequestPaused: true,
  JobsPlanned: true,
  RequestProgressed: true,
  RequestCompleted: true,
  RequestFailed: true,
};

type EventData = Readonly<Record<string, unknown>> & RequestEvents['RequestQueued'];

/** How long finished requests are shown, at least: they go when another is made after that time. The history keeps them. */
const KEPT_MICROS = 31 * 24 * 3600 * 1_000_000;

const OPEN = "status IN ('queued', 'processing')";
const FINISHED = "status IN ('complete', 'error')";

/** Counts are kept, because there are many requests that nobody looks at any more. */
const counted = (change: string, row: 'old' | 'new'): string =>
  `INSERT INTO request_count (action, status, n) VALUES (${row}.action, ${row}.status, ${change})
     ON CONFLICT DO UPDATE SET n = n + excluded.n;`;

/** How many of a user's requests have not ended: quotas look at it before each request. */
const countedOpen = (change: string, row: 'old' | 'new'): string =>
  `INSERT INTO request_open_of (creator, n) VALUES (${row}.creator, ${change})
     ON CONFLICT DO UPDATE SET n = n + excluded.n;`;

class RequestWriter implements ProjectionWriter {
  private readonly insert;
  private readonly start;
  private readonly pause;
  private readonly plan;
  private readonly advance;
  private readonly end;
  private readonly forgetPlans;
  private readonly forgetOld;

  constructor(database: DatabaseSync) {
    this.insert = database.prepare(
      `INSERT OR IGNORE INTO request
         (id, action, dataset_id, status, priority, attempts, made, changed, creator, role, groups, token, arguments,
          blob_key, message)
       VALUES (?, ?, ?, 'queued', ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, '')`,
    );
    this.start = database.prepare(
      `UPDATE request SET status = 'processing', attempts = attempts + 1, interruptions = interruptions + started,
         started = 1, changed = ?
       WHERE id = ? AND ${OPEN}`,
    );
    this.pause = database.prepare(`UPDATE request SET started = 0 WHERE id = ? AND ${OPEN}`);
    this.plan = database.prepare(
      'INSERT OR IGNORE INTO request_plan (id, dataset_id, first_index, last_index) VALUES (?, ?, ?, ?)',
    );
    this.advance = database.prepare(`UPDATE request SET progress = ?, changed = ? WHERE id = ? AND ${OPEN}`);
    this.end = database.prepare(
      `UPDATE request SET status = ?, message = ?, results = ?, changed = ? WHERE id = ? AND ${OPEN}`,
    );
    const old = `${FINISHED} AND changed < ?`;
    this.forgetPlans = database.prepare(`DELETE FROM request_plan WHERE id IN (SELECT id FROM request WHERE ${old})`);
    this.forgetOld = database.prepare(`DELETE FROM request WHERE ${old}`);
  }

  apply({ type, data, metadata: { timeMicros } }: AppliedEvent): void {
    const id = String(data['request_id']);
    switch (type as keyof RequestEvents) {
      case 'RequestQueued': {
        const { action, dataset_id: datasetId, creator, role, groups, token, arguments: given } = data as EventData;
        this.forgetPlans.run(timeMicros - KEPT_MICROS);
        this.forgetOld.run(timeMicros - KEPT_MICROS);
        const [raw, key] = 'raw' in given ? [given.raw, null] : [null, given.blob.key];
        this.insert.run(
          ...[id, action, datasetId ?? null, priorityOf(action), timeMicros, timeMicros],
          ...[creator, role, groups === undefined ? null : JSON.stringify(groups)],
          ...[token === undefined ? null : JSON.stringify(token), raw, key],
        );
        return;
      }
      case 'RequestStarted':
        this.start.run(timeMicros, id);
        return;
      case 'RequestPaused':
        this.pause.run(id);
        return;
      case 'JobsPlanned':
        this.plan.run(id, String(data['dataset_id']), Number(data['from']), Number(data['to']));
        return;
      case 'RequestProgressed':
        this.advance.run(Number(data['progress']), timeMicros, id);
        return;
      case 'RequestCompleted':
        this.end.run('complete', '', String(data['results']), timeMicros, id);
        return;
      case 'RequestFailed':
        this.end.run('error', String(data['message']), null, timeMicros, id);
    }
  }

  forget(): void {
    // There is no state besides the tables.
  }
}

/** Asynchronous requests with their state. */
export const requestProjection: Projection = {
  name: 'requests',
  version: 5,
  streamPrefixes: [REQUEST_STREAMS],
  eventTypes: Object.keys(EVENT_TYPES),
  tables: `
    CREATE TABLE request (
      id TEXT PRIMARY KEY,
      action TEXT NOT NULL,
      dataset_id TEXT,
      status TEXT NOT NULL,
      priority INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      interruptions INTEGER NOT NULL DEFAULT 0,
      started INTEGER NOT NULL DEFAULT 0,
      made INTEGER NOT NULL,
      changed INTEGER NOT NULL,
      creator TEXT NOT NULL,
      role TEXT NOT NULL,
      groups TEXT,
      token TEXT,
      arguments TEXT,
      blob_key TEXT,
      progress INTEGER,
      results TEXT,
      message TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE request_plan (
      id TEXT NOT NULL,
      dataset_id TEXT NOT NULL,
      first_index INTEGER NOT NULL,
      last_index INTEGER NOT NULL,
      PRIMARY KEY (id, dataset_id)
    ) WITHOUT ROWID;
    CREATE TABLE request_count (
      action TEXT NOT NULL,
      status TEXT NOT NULL,
      n INTEGER NOT NULL,
      PRIMARY KEY (action, status)
    ) WITHOUT ROWID;
    CREATE TABLE request_open_of (creator TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
    -- Here and not below, because a rebuild uses it as well.
    CREATE INDEX request_finished ON request (changed) WHERE ${FINISHED};
    CREATE TRIGGER request_made AFTER INSERT ON request BEGIN
      ${counted('1', 'new')} ${countedOpen('1', 'new')}
    END;
    CREATE TRIGGER request_moved AFTER UPDATE OF status ON request BEGIN
      ${counted('-1', 'old')} ${counted('1', 'new')}
    END;
    CREATE TRIGGER request_ended AFTER UPDATE OF status ON request WHEN old.${OPEN} AND new.${FINISHED} BEGIN
      ${countedOpen('-1', 'new')}
    END;
    CREATE TRIGGER request_forgotten AFTER DELETE ON request BEGIN ${counted('-1', 'old')} END;`,
  indexes: `
    CREATE INDEX request_open ON request (status) WHERE ${OPEN};
    CREATE INDEX request_by_dataset ON request (dataset_id, action, changed);`,
  attach: (database) => new RequestWriter(database),
};

const isAction = (word: string): word is Action => (ACTIONS as readonly string[]).includes(word);
const isStatus = (word: string): word is RequestStatus => (REQUEST_STATUSES as readonly string[]).includes(word);

const textOf = (value: SQLOutputValue | undefined): string | undefined => (value == null ? undefined : String(value));

const requestOf = (row: Readonly<Record<string, SQLOutputValue>>): StoredRequest | undefined => {
  const action = String(row['action']);
  const status = String(row['status']);
  if (!isAction(action) || !isStatus(status)) return undefined;
  const raw = textOf(row['arguments']);
  const groups = textOf(row['groups']);
  const token = textOf(row['token']);
  return {
    id: String(row['id']),
    action,
    datasetId: textOf(row['dataset_id']),
    status,
    attempts: Number(row['attempts']),
    interruptions: Number(row['interruptions']),
    isStarted: Number(row['started']) === 1,
    madeMicros: Number(row['made']),
    changedMicros: Number(row['changed']),
    creator: String(row['creator']),
    role: String(row['role']),
    groups: groups === undefined ? undefined : (JSON.parse(groups) as readonly string[]),
    token: token === undefined ? undefined : (JSON.parse(token) as StoredRequest['token']),
    arguments: raw === undefined ? { blobKey: String(row['blob_key']) } : { raw },
    progress: row['progress'] == null ? undefined : Number(row['progress']),
    results: textOf(row['results']),
    message: String(row['message']),
  };
};

/** Reads what {@link requestProjection} keeps through one connection: `queries` to answer, `writer` to decide. */
export class Requests {
  private readonly selectOne;
  private readonly selectCounts;
  private readonly selectLatest;
  private readonly selectOpen;
  private readonly selectOpenOnes;
  private readonly selectPlan;
  private readonly selectOpenOf;

  constructor(database: DatabaseSync) {
    this.selectOne = database.prepare('SELECT * FROM request WHERE id = ?');
    this.selectCounts = database.prepare('SELECT action, status, n FROM request_count');
    this.selectLatest = database.prepare(
      `SELECT * FROM request WHERE dataset_id = ? AND action = 'materialization' ORDER BY changed DESC LIMIT 1`,
    );
    this.selectOpen = database.prepare(
      `SELECT id FROM request WHERE dataset_id IS ? AND action = 'materialization' AND ${OPEN}
       LIMIT 1`,
    );
    // Requests that an earlier process had started come first: nobody works on them.
    this.selectOpenOnes = database.prepare(
      `SELECT * FROM request WHERE ${OPEN}
       ORDER BY status = 'queued', priority DESC, attempts, made, id`,
    );
    this.selectOpenOf = database.prepare('SELECT n FROM request_open_of WHERE creator = ?');
    this.selectPlan = database.prepare(
      'SELECT first_index, last_index FROM request_plan WHERE id = ? AND dataset_id = ?',
    );
  }

  find(id: string): StoredRequest | undefined {
    const row = this.selectOne.get(id);
    return row === undefined ? undefined : requestOf(row);
  }

  /** How many of a user's requests have not ended. */
  openOf(creator: string): number {
    return Number(this.selectOpenOf.get(creator)?.['n'] ?? 0);
  }

  counts(action: Action | undefined): Record<RequestStatus, number> {
    const counts: Record<RequestStatus, number> = { queued: 0, processing: 0, error: 0, complete: 0 };
    for (const row of this.selectCounts.all()) {
      const status = String(row['status']);
      if (isStatus(status) && (action === undefined || row['action'] === action)) counts[status] += Number(row['n']);
    }
    return counts;
  }

  latestMaterialization(datasetId: string): StoredRequest | undefined {
    const row = this.selectLatest.get(datasetId);
    return row === undefined ? undefined : requestOf(row);
  }

  /** The materialization of a dataset (null: of all) that is still to be done. */
  openMaterialization(datasetId: string | null): string | undefined {
    return textOf(this.selectOpen.get(datasetId)?.['id']);
  }

  /** Open requests, in the order in which they are to start. */
  *open(): Generator<StoredRequest, void, void> {
    for (const row of this.selectOpenOnes.iterate()) {
      const request = requestOf(row);
      if (request !== undefined) yield request;
    }
  }

  plan(id: string, datasetId: string): { readonly from: number; readonly to: number } | undefined {
    const row = this.selectPlan.get(id, datasetId);
    return row && { from: Number(row['first_index']), to: Number(row['last_index']) };
  }
}
