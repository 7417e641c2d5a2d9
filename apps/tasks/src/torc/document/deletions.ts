import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Deletion } from '#contracts/torc/events.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** What single deletions answered, for repeats (Torc contract 1.8, D32). With row numbers, as `DOCUMENT_TABLE`. */
export const DELETION_TABLE = `
CREATE TABLE torc_deleted (
  workload INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  key TEXT NOT NULL,
  client TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (workload, deleted, collection, key)
) STRICT;`;

export const DELETION_INDEX = `
CREATE INDEX torc_deleted_key ON torc_deleted (workload, collection, key, deleted);`;

/** How long a repeat gets the answer of the first deletion. */
export const REPEAT_MICROS = 10 * 60 * 1_000_000;

/** Deletions through one connection. */
export class Deletions {
  private readonly insert: () => StatementSync;
  private readonly prune: () => StatementSync;
  private readonly select: StatementSync;

  constructor(database: DatabaseSync) {
    const lazily = (sql: string): (() => StatementSync) => {
      let statement: StatementSync | undefined;
      // Prepared when needed: the connection for queries can only read.
      return () => (statement ??= database.prepare(sql));
    };
    this.insert = lazily('INSERT OR REPLACE INTO torc_deleted VALUES (?, ?, ?, ?, ?, ?)');
    this.prune = lazily('DELETE FROM torc_deleted WHERE workload = ? AND deleted < ?');
    this.select = database.prepare(
      `SELECT document FROM torc_deleted WHERE workload = ? AND collection = ? AND key = ? AND client = ? AND deleted >= ?
       ORDER BY deleted DESC LIMIT 1`,
    );
  }

  record(workload: WorkloadId, collection: number, deletion: Deletion, timeMicros: number): void {
    const { client, key, document } = deletion;
    if (document === undefined) return;
    this.prune().run(workload, timeMicros - REPEAT_MICROS);
    this.insert().run(workload, timeMicros, collection, key, client, document);
  }

  find(workload: WorkloadId, collection: number, key: string, client: string, sinceMicros: number): string | undefined {
    const row = this.select.get(workload, collection, key, client, sinceMicros);
    return row === undefined ? undefined : String(row['document']);
  }

  /** Forgets what was deleted of a workflow that is deleted itself. */
  forget(workload: WorkloadId): void {
    this.prune().run(workload, Number.MAX_SAFE_INTEGER);
  }
}
