import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { perConnection } from '#event-sourcing/per-connection.js';
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

/** The form of keys that Cairn makes of ordinals. */
export const GENERATED = /^[1-9]\d{0,9}$/;

/** Bound of {@link ChosenKeys}. */
const COLLECTIONS_MAX = 10_000;

/** More than there are collections and kinds of edges. */
const CODES_MAX = 1_000;

/** Collections and edges on the writing connection by whether callers chose keys there: hardly anybody does, and each new document asks. */
export class ChosenKeys {
  private readonly known = new Map<number, boolean>();
  private readonly selectAny: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectAny = database.prepare('SELECT 1 FROM torc_key WHERE workload = ? AND collection = ? LIMIT 1');
  }

  mayBeIn(workload: WorkloadId, collection: number): boolean {
    const place = workload * CODES_MAX + collection;
    let known = this.known.get(place);
    if (known === undefined) {
      known = this.selectAny.get(workload, collection) !== undefined;
      if (this.known.size >= COLLECTIONS_MAX) this.known.clear();
      this.known.set(place, known);
    }
    return known;
  }

  add(workload: WorkloadId, collection: number): void {
    this.known.set(workload * CODES_MAX + collection, true);
  }

  clear(): void {
    this.known.clear();
  }
}

/** Those of a connection that writes. */
export const chosenKeys = perConnection((database) => new ChosenKeys(database));

/** Custom keys through one connection. */
export class CustomKeys {
  private readonly insert: () => StatementSync;
  private readonly selectOrdinal: StatementSync;
  private readonly selectKey: StatementSync;

  /** @param chosen of the writing connection only: what others read may be changed by it at any time */
  constructor(
    database: DatabaseSync,
    private readonly chosen?: ChosenKeys,
  ) {
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
    this.chosen?.add(workload, collection);
  }

  /** The ordinal that has, or had, a key that a caller chose. */
  ordinalOf(workload: WorkloadId, collection: number, key: string): number | undefined {
    if (this.chosen?.mayBeIn(workload, collection) === false) return undefined;
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
