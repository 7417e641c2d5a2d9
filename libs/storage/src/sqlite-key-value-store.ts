import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { unusableFile } from '#platform/unusable-file.js';
import { WalCheckpoints } from '#platform/wal-checkpoints.js';
import { type Durability, KeyValueStore, type KeyValueEntry } from './key-value-store.js';

const SWEEP_INTERVAL_MS = 10_000;

/** Rows deleted by one sweeping statement: a millisecond or two of the event loop. */
const SWEEP_ROWS_MAX = 500;

const LIST_LIMIT_DEFAULT = 1000;

/** Pages in the write-ahead log at which SQLite itself copies it, should the thread for it fail. */
const FALLBACK_CHECKPOINT_PAGES = 1000;

const CACHE_KIB = 2048;

const BUSY_TIMEOUT_MS = 2000;

/** Above every expiry: lets one comparison find what is present. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** Sorts behind every other character, so that it ends the range of a prefix. */
const LAST_CHARACTER = '\u{10FFFF}';

interface EntryRow {
  readonly key: string;
  readonly value: string;
  readonly expires_at_ms: number;
}

const entryOf = ({ key, value, expires_at_ms: expiresAtMs }: EntryRow): KeyValueEntry =>
  expiresAtMs === NEVER_MS ? { key, value } : { key, value, expiresAtMs };

/** A connection and its statements. In WAL mode each connection says for itself whether its commits wait for the disk. */
class Writer {
  private readonly database: DatabaseSync;
  private readonly upsert: StatementSync;

  constructor(file: string, synchronous: 'FULL' | 'NORMAL') {
    this.database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    this.database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      PRAGMA journal_size_limit = 0;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -${CACHE_KIB};
      CREATE TABLE IF NOT EXISTS entry (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        expires_at_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS entry_expiry ON entry (expires_at_ms) WHERE expires_at_ms < ${NEVER_MS};
    `);
    this.upsert = this.database.prepare(
      `INSERT INTO entry (key, value, expires_at_ms) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, expires_at_ms = excluded.expires_at_ms`,
    );
  }

  prepare(sql: string): StatementSync {
    return this.database.prepare(sql);
  }

  putAll(entries: readonly KeyValueEntry[]): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, value, expiresAtMs } of entries) this.upsert.run(key, value, expiresAtMs ?? NEVER_MS);
      this.database.exec('COMMIT');
    } catch (error) {
      // A full disk has ended it already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Has each commit look whether the log is to be copied. */
  checkpointItself(): void {
    this.database.exec(`PRAGMA wal_autocheckpoint = ${FALLBACK_CHECKPOINT_PAGES}`);
  }

  close(): void {
    this.database.close();
  }
}

const durableWriter = (file: string): Writer => {
  try {
    return new Writer(file, 'FULL');
  } catch (error) {
    throw unusableFile(file, error);
  }
};

/** A key-value store in one SQLite file. Calls work synchronously inside; the file belongs to one service, one process at a time. */
export class SqliteKeyValueStore extends KeyValueStore {
  private readonly durable: Writer;
  private readonly quick: Writer;
  private readonly select: StatementSync;
  private readonly selectPrefix: StatementSync;
  private readonly removal: StatementSync;
  private readonly expiring: StatementSync;
  private readonly checkpoints: WalCheckpoints;
  private readonly sweeper: NodeJS.Timeout;
  /** Writes wait for it. */
  private pause: Promise<void> | undefined;
  private closed = false;

  /** @throws CannotStart when the file is broken */
  constructor(
    file: string,
    private readonly nowMs: () => number = () => Date.now(),
  ) {
    super();
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    this.durable = durableWriter(file);
    this.quick = new Writer(file, 'NORMAL');
    this.select = this.quick.prepare('SELECT value FROM entry WHERE key = ? AND expires_at_ms > ?');
    this.selectPrefix = this.quick.prepare(
      `SELECT key, value, expires_at_ms FROM entry
       WHERE key > ?1 AND key >= ?2 AND key < ?3 AND expires_at_ms > ?4 ORDER BY key LIMIT ?5`,
    );
    this.removal = this.durable.prepare('DELETE FROM entry WHERE key = ?');
    this.expiring = this.quick.prepare(
      `DELETE FROM entry WHERE key IN
       (SELECT key FROM entry WHERE expires_at_ms <= ? AND expires_at_ms < ${NEVER_MS} LIMIT ${SWEEP_ROWS_MAX})`,
    );
    this.checkpoints = new WalCheckpoints(
      file,
      (work) => this.whilePaused(work),
      () => this.checkpointHere(),
    );
    this.sweeper = setInterval(() => {
      // What cannot be swept now is swept the next time; until then it reads as absent.
      this.sweep().catch(() => {});
    }, SWEEP_INTERVAL_MS).unref();
  }

  override get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.present(key, this.nowMs()));
  }

  override getAll(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const now = this.nowMs();
    const found = new Map<string, string>();
    for (const key of keys) {
      const value = this.present(key, now);
      if (value !== undefined) found.set(key, value);
    }
    return Promise.resolve(found);
  }

  override put(
    key: string,
    value: string,
    { expiresAtMs, durability }: { readonly expiresAtMs?: number; readonly durability?: Durability } = {},
  ): Promise<void> {
    return this.putAll([expiresAtMs === undefined ? { key, value } : { key, value, expiresAtMs }], durability);
  }

  override async putAll(entries: readonly KeyValueEntry[], durability: Durability = 'disk'): Promise<void> {
    if (entries.length === 0) return;
    while (this.pause !== undefined) await this.pause;
    (durability === 'disk' ? this.durable : this.quick).putAll(entries);
    this.checkpoints.committed();
  }

  override async delete(key: string): Promise<void> {
    while (this.pause !== undefined) await this.pause;
    this.removal.run(key);
    this.checkpoints.committed();
  }

  override list(
    prefix: string,
    { after = '', limit = LIST_LIMIT_DEFAULT }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<readonly KeyValueEntry[]> {
    const rows = this.selectPrefix.all(after, prefix, prefix + LAST_CHARACTER, this.nowMs(), limit);
    return Promise.resolve(rows.map((row) => entryOf(row as Partial<EntryRow> as EntryRow)));
  }

  /** Deletes what has expired, a slice at a time; runs by itself every ten seconds. Resolves with the number of rows. */
  async sweep(): Promise<number> {
    let swept = 0;
    while (!this.closed) {
      if (this.pause !== undefined) {
        await this.pause;
        continue;
      }
      const { changes } = this.expiring.run(this.nowMs());
      swept += Number(changes);
      if (Number(changes) < SWEEP_ROWS_MAX) break;
      await new Promise((resume) => setImmediate(resume));
    }
    return swept;
  }

  override async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweeper);
    await this.checkpoints.close();
    this.quick.close();
    this.durable.close();
  }

  private async whilePaused(work: () => Promise<void>): Promise<void> {
    const working = work();
    // Writes only wait for it: that it fails is not their fault.
    this.pause = working
      .catch(() => undefined)
      .then(() => {
        this.pause = undefined;
      });
    await this.pause;
    await working;
  }

  private checkpointHere(): void {
    if (this.closed) return;
    this.quick.checkpointItself();
    this.durable.checkpointItself();
  }

  private present(key: string, now: number): string | undefined {
    return (this.select.get(key, now) as Pick<EntryRow, 'value'> | undefined)?.value;
  }
}
