import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { WorkloadId } from '../../workload/workloads.js';

/**
 * Keys that callers chose, with the ordinal that holds the key or held it last: generated keys pass over them (Torc contract 1.5).
 * Jobs and edges have theirs here too.
 */
export const KEY_TABLE = `
CREATE TABLE torc_key (
  workload INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  key TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  PRIMARY KEY (workload, collection, key)
) STRICT, WITHOUT ROWID;`;

export const KEY_INDEX = `
CREATE INDEX torc_key_ordinal ON torc_key (workload, ordinal);`;

const GENERATED = /^[1-9]\d{0,9}$/;

/** Custom keys through one connection. */
export class CustomKeys {
  private readonly insert: () => StatementSync;
  private readonly selectOrdinal: StatementSync;
  private readonly selectKey: StatementSync;

  constructor(database: DatabaseSync) {
    let insert: StatementSync | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.insert = () =>
      (insert ??= database.prepare(
        'INSERT OR REPLACE INTO torc_key (workload, collection, key, ordinal) VALUES (?, ?, ?, ?)',
      ));
    this.selectOrdinal = database.prepare(
      'SELECT ordinal FROM torc_key WHERE workload = ? AND collection = ? AND key = ?',
    );
    this.selectKey = database.prepare('SELECT key FROM torc_key WHERE workload = ? AND ordinal = ?');
  }

  choose(workload: WorkloadId, collection: number, key: string, ordinal: number): void {
    this.insert().run(workload, collection, key, ordinal);
  }

  /** The ordinal that has, or had, a key that a caller chose. */
  ordinalOf(workload: WorkloadId, collection: number, key: string): number | undefined {
    const row = this.selectOrdinal.get(workload, collection, key);
    return row === undefined ? undefined : Number(row['ordinal']);
  }

  /** Ordinals that may hold a key: a caller's choice, or a generated key. The document there may be gone, or have another key. */
  candidates(workload: WorkloadId, collection: number, key: string): readonly number[] {
    const chosen = this.ordinalOf(workload, collection, key);
    const generated = GENERATED.test(key) ? [Number(key)] : [];
    return chosen === undefined ? generated : [chosen, ...generated];
  }

  /** The key of whatever has this ordinal. */
  keyAt(workload: WorkloadId, ordinal: number): string {
    const row = this.selectKey.get(workload, ordinal);
    return row === undefined ? String(ordinal) : String(row['key']);
  }
}
