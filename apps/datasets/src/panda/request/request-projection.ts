import type { DatabaseSync } from 'node:sqlite';
import { formatTimestamp } from '#platform/clock.js';
import type { Page } from '#bus/contract.js';
import {
  CACHE_BLOBS,
  CACHE_STREAM,
  type CacheEvents,
  type OperatorRequestKind,
} from '#contracts/panda/cache-events.js';
import type { BlobReference } from '#contracts/work-events.js';
import type { BlobKind } from '#event-sourcing/orphan-collector.js';
import type { Projection } from '#event-sourcing/projection.js';

/** Requests that operators look after, with their blobs. */
export const operatorRequestProjection: Projection = {
  name: 'panda-operator-requests',
  version: 1,
  streamPrefixes: [CACHE_STREAM],
  eventTypes: ['OperatorRequestMade'],
  tables: `CREATE TABLE panda_operator_request (
    request_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_name TEXT NOT NULL,
    task_id INTEGER,
    made INTEGER NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL
  ) WITHOUT ROWID`,
  indexes: `
    CREATE INDEX panda_operator_request_key ON panda_operator_request (key);
    CREATE INDEX panda_operator_request_kind ON panda_operator_request (kind, request_id);`,
  attach: (database) => {
    const insert = database.prepare(
      `INSERT OR IGNORE INTO panda_operator_request (request_id, kind, user_name, task_id, made, key, size, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    return {
      apply: ({ data, metadata: { timeMicros } }) => {
        const { request_id, kind, user_name, task_id, blob } = data as CacheEvents['OperatorRequestMade'];
        insert.run(request_id, kind, user_name, task_id ?? null, timeMicros, blob.key, blob.size, blob.sha256);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Blobs of requests stay. */
export const requestBlobs = (queries: DatabaseSync): BlobKind => {
  const select = queries.prepare('SELECT 1 FROM panda_operator_request WHERE key = ?');
  return { prefix: CACHE_BLOBS.request, holds: (key) => select.get(key) !== undefined };
};

/** Requests as the table shows them. */
export class OperatorRequests {
  private readonly selectPage;
  private readonly selectPageOf;
  private readonly selectBlob;

  constructor(database: DatabaseSync) {
    const columns = 'SELECT request_id, kind, user_name, task_id, made, size FROM panda_operator_request';
    const order = 'request_id < ? ORDER BY request_id DESC LIMIT ?';
    this.selectPage = database.prepare(`${columns} WHERE ${order}`);
    this.selectPageOf = database.prepare(`${columns} WHERE kind = ? AND ${order}`);
    this.selectBlob = database.prepare('SELECT key, size, sha256 FROM panda_operator_request WHERE request_id = ?');
  }

  /** The latest first. */
  page(kind: OperatorRequestKind | undefined, before: string | undefined, limit: number): Page {
    // Ids are hexadecimal.
    const behind = before ?? 'g';
    const rows = kind === undefined ? this.selectPage.all(behind, limit) : this.selectPageOf.all(kind, behind, limit);
    const entries = rows.map(({ made, ...row }) => JSON.stringify({ ...row, made_at: formatTimestamp(Number(made)) }));
    const last = rows.at(-1)?.['request_id'];
    return rows.length < limit || typeof last !== 'string' ? { entries } : { entries, next: last };
  }

  blob(requestId: string): BlobReference | undefined {
    const row = this.selectBlob.get(requestId);
    return row === undefined
      ? undefined
      : { key: String(row['key']), size: Number(row['size']), sha256: String(row['sha256']) };
  }
}
