import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '#platform/private-files.js';
import { NO_STREAM, type Position, START } from '#ledger/ledger.js';
import { contentReplaced } from './content-version.js';
import type { Projection } from './projection.js';
import { rebuiltFileOf, removeDatabase } from './rebuilt-files.js';
import { Slices } from './slices.js';

/** Raised when the runner's own tables change. */
const FORMAT = 3;

/** Streams whose revisions are kept in memory; the others are looked up. */
const REVISIONS_IN_MEMORY_MAX = 20_000;

const QUERIES_CACHE_KIB = 8 * 1024;

/** While rebuilding, writes go to random places of all tables at once. */
const REBUILD_CACHE_KIB = 48 * 1024;

/** Pages in the write-ahead log at which SQLite itself copies it, should the thread for it fail. */
const FALLBACK_CHECKPOINT_PAGES = 1000;

/** While rebuilding nobody waits for the disk; a rare checkpoint writes a page that changed often only once. */
const REBUILD_CHECKPOINT_PAGES = 8000;

/** The last event that the tables hold: if the ledger does not have it, the file was made from another ledger. */
export interface LastEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** What of the ledger a file holds. */
export interface ModelContent {
  readonly checkpoint: Position;
  readonly last: LastEvent | undefined;
}

/** Pages that are copied in one step beside the event loop. */
const COPY_PAGES = 256;

/** Compared in some milliseconds. */
const NUMBERS_PER_SLICE = 1000;

export interface ModelFileOptions {
  readonly file: string;
  readonly projections: readonly Projection[];
  readonly cacheKib: number;
  /** Nobody misses it after a power failure, so nothing waits for the disk. */
  readonly isThrownAway: boolean;
  /** A file of the same shape: a new file gives the same numbers, see `Projection.numbered`. */
  readonly numbersOf?: string | undefined;
}

/** The last event of one stream. */
type StreamHead = Omit<LastEvent, 'stream'>;

const RUNNER_TABLES = `
  CREATE TABLE model_progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    signature TEXT NOT NULL,
    complete INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL
  );
  CREATE TABLE model_stream (
    stream TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    position INTEGER,
    event_id TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE model_unsealed (stream TEXT PRIMARY KEY) WITHOUT ROWID;
`;

/** Names everything that the tables depend on; another signature means another file. */
export const signatureOf = (projections: readonly Projection[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        FORMAT,
        projections.map((p) => [p.name, p.version, p.streamPrefixes, p.eventTypes, p.tables, p.indexes]),
      ]),
    )
    .digest('hex');

const numberedIn = (
  projections: readonly Projection[],
): readonly { readonly table: string; readonly columns: string }[] =>
  projections
    .flatMap(({ numbered = {} }) => Object.entries(numbered))
    .map(([table, names]) => ({ table, columns: ['id', ...names].join(', ') }));

/** Gives things in an open file the numbers that they have in another. Numbers rise and stay, so the file lacks only those behind its last one. */
const takeNumbers = (database: DatabaseSync, from: string, projections: readonly Projection[]): void => {
  database.prepare('ATTACH ? AS numbers').run(from);
  for (const { table, columns } of numberedIn(projections)) {
    database.exec(
      `INSERT OR IGNORE INTO main.${table} (${columns}) SELECT ${columns} FROM numbers.${table}
       WHERE id > (SELECT coalesce(max(id), 0) FROM main.${table})`,
    );
  }
  database.exec('DETACH numbers');
};

/**
 * Yields where it may be interrupted.
 *
 * @throws Error when a number stands for something else in the other file
 */
function* comparingNumbers(
  database: DatabaseSync,
  other: string,
  projections: readonly Projection[],
): Generator<void, void, void> {
  database.prepare('ATTACH ? AS numbers').run(other);
  for (const { table, columns } of numberedIn(projections)) {
    const last = Number(database.prepare(`SELECT max(id) AS id FROM numbers.${table}`).get()?.['id'] ?? 0);
    const differs = database.prepare(
      `SELECT ${columns} FROM numbers.${table} WHERE id > ?1 AND id <= ?2
       EXCEPT SELECT ${columns} FROM main.${table} WHERE id > ?1 AND id <= ?2 LIMIT 1`,
    );
    for (let id = 0; id < last; id += NUMBERS_PER_SLICE) {
      if (differs.get(id, id + NUMBERS_PER_SLICE) !== undefined) {
        throw new Error(`its numbers of ${table} stand for other things`);
      }
      yield;
    }
  }
  database.exec('DETACH numbers');
}

/** Stands beside a file that is to be made again. */
export const unusableMarker = (file: string): string => `${file}.unusable`;

/** How far a whole file of these projections has come. */
const progressIn = (
  database: DatabaseSync,
  projections: readonly Projection[],
): { readonly checkpoint: Position } | undefined => {
  const row = database
    .prepare('SELECT checkpoint FROM model_progress WHERE signature = ? AND complete = 1')
    .get(signatureOf(projections));
  return row && { checkpoint: Number(row['checkpoint']) };
};

const lastEventIn = (database: DatabaseSync): LastEvent | undefined =>
  database.prepare('SELECT stream, revision, event_id AS id FROM model_stream ORDER BY position DESC LIMIT 1').get() as
    LastEvent | undefined;

const remove = (file: string): void => {
  removeDatabase(file);
  rmSync(unusableMarker(file), { force: true });
};

/**
 * The SQLite file of a read model: its two connections, the transaction, and what says how far it has come (checkpoint,
 * revision per stream). It knows nothing of events' contents.
 */
export class ModelFile {
  readonly queries: DatabaseSync;
  private readonly beginStatement: StatementSync;
  private readonly commitStatement: StatementSync;
  private readonly updateCheckpoint: StatementSync;
  private readonly upsertHead: StatementSync;
  private readonly selectRevision: StatementSync;
  private readonly insertUnsealed: StatementSync;
  private readonly deleteUnsealed: StatementSync;
  private readonly committed = new Map<string, number>();
  private readonly uncommitted = new Map<string, StreamHead>();
  private readonly uncommittedPositions = new Map<string, Position>();
  private committedCheckpoint: Position;
  private savedCheckpoint: Position;
  /** Streams that end with parts of a staged batch: hardly ever any. Follows the open transaction. */
  private readonly unsealed = new Set<string>();
  private unsealedChanged = false;
  private inTransaction = false;
  private commitCount = 0;
  /** What `queries` shows while it is pinned. */
  private pinnedCheckpoint: Position | undefined;

  private constructor(
    readonly writer: DatabaseSync,
    private readonly options: ModelFileOptions,
    checkpoint: Position,
    private rebuilding: boolean,
  ) {
    this.committedCheckpoint = checkpoint;
    this.savedCheckpoint = checkpoint;
    this.tune();
    this.beginStatement = writer.prepare('BEGIN');
    this.commitStatement = writer.prepare('COMMIT');
    this.updateCheckpoint = writer.prepare('UPDATE model_progress SET checkpoint = ?');
    this.upsertHead = writer.prepare(
      `INSERT INTO model_stream (stream, revision, position, event_id) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE
       SET revision = excluded.revision, position = excluded.position, event_id = excluded.event_id`,
    );
    this.selectRevision = writer.prepare('SELECT revision FROM model_stream WHERE stream = ?');
    this.insertUnsealed = writer.prepare('INSERT OR IGNORE INTO model_unsealed (stream) VALUES (?)');
    this.deleteUnsealed = writer.prepare('DELETE FROM model_unsealed WHERE stream = ?');
    this.readUnsealed();
    this.queries = new DatabaseSync(options.file, { readOnly: true });
    this.queries.exec(`PRAGMA cache_size = -${QUERIES_CACHE_KIB}`);
  }

  /** Opens the file, or makes an empty one when it is missing, unusable, incomplete or of another shape. */
  static open(options: ModelFileOptions): ModelFile {
    mkdirSync(dirname(options.file), { recursive: true, mode: PRIVATE_FOLDER });
    return ModelFile.reopen(options) ?? ModelFile.create(options);
  }

  /** Makes an empty file, whatever stood there before. */
  static create(options: ModelFileOptions): ModelFile {
    remove(options.file);
    // It has the numbers of the file that was here.
    removeDatabase(rebuiltFileOf(options.file));
    const writer = new DatabaseSync(options.file);
    writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN; ${RUNNER_TABLES}`);
    for (const { tables } of options.projections) writer.exec(tables);
    writer
      .prepare('INSERT INTO model_progress (id, signature, complete, checkpoint) VALUES (1, ?, 0, ?)')
      .run(signatureOf(options.projections), START);
    writer.exec('COMMIT');
    if (options.numbersOf !== undefined) takeNumbers(writer, options.numbersOf, options.projections);
    return new ModelFile(writer, options, START, true);
  }

  private static reopen(options: ModelFileOptions): ModelFile | undefined {
    if (!existsSync(options.file) || existsSync(unusableMarker(options.file))) return undefined;
    let writer: DatabaseSync | undefined;
    try {
      writer = new DatabaseSync(options.file);
      const progress = progressIn(writer, options.projections);
      if (progress !== undefined) return new ModelFile(writer, options, progress.checkpoint, false);
    } catch {
      // Whatever is wrong with a file that can be made again, making it again is the answer.
    }
    writer?.close();
    return undefined;
  }

  /** Everything up to here is applied and committed. */
  get checkpoint(): Position {
    return this.committedCheckpoint;
  }

  /** Everything up to here is shown by `queries`. */
  get shownCheckpoint(): Position {
    return this.pinnedCheckpoint ?? this.committedCheckpoint;
  }

  /** Looks at all streams: for the start only. */
  content(): ModelContent {
    return { checkpoint: this.committedCheckpoint, last: lastEventIn(this.writer) };
  }

  /** Whether the tables are still being filled from nothing, without secondary indexes. */
  get incomplete(): boolean {
    return this.rebuilding;
  }

  /** Grows whenever `queries` begins to show something else. */
  get commits(): number {
    return this.commitCount;
  }

  get transactionOpen(): boolean {
    return this.inTransaction;
  }

  /** Whether the checkpoint has moved since it was last written. */
  get checkpointUnsaved(): boolean {
    return this.savedCheckpoint !== this.committedCheckpoint;
  }

  begin(): void {
    this.beginStatement.run();
    this.inTransaction = true;
  }

  /**
   * Commits tables and revisions, and the checkpoint if one is given. Without it, the saved checkpoint stays behind the tables, which
   * is safe: the follower skips by revision what the tables already hold. The checkpoint never falls.
   */
  commit(upTo?: Position): void {
    const checkpoint = Math.max(upTo ?? START, this.committedCheckpoint);
    for (const [stream, { revision, id }] of this.uncommitted) {
      this.upsertHead.run(stream, revision, this.uncommittedPositions.get(stream) ?? null, id);
    }
    if (upTo !== undefined) this.updateCheckpoint.run(checkpoint);
    this.commitStatement.run();
    this.commitCount++;
    this.inTransaction = false;
    for (const [stream, { revision }] of this.uncommitted) this.remember(stream, revision);
    this.uncommitted.clear();
    this.uncommittedPositions.clear();
    this.committedCheckpoint = checkpoint;
    if (upTo !== undefined) this.savedCheckpoint = checkpoint;
    this.unsealedChanged = false;
  }

  rollback(): void {
    if (!this.inTransaction) return;
    this.inTransaction = false;
    this.uncommitted.clear();
    this.uncommittedPositions.clear();
    // SQLite itself rolls back after some errors, such as a full disk.
    if (this.writer.isTransaction) this.writer.exec('ROLLBACK');
    if (this.unsealedChanged) this.readUnsealed();
  }

  /** For batches that held nothing new: the checkpoint is written later. */
  advance(upTo: Position): void {
    this.committedCheckpoint = Math.max(upTo, this.committedCheckpoint);
  }

  /** As the open transaction sees it. */
  revisionOf(stream: string): number {
    return this.uncommitted.get(stream)?.revision ?? this.committedRevisionOf(stream);
  }

  /** Without a look-up in the tables, so also while somebody else's transaction is open. Undefined: not known. */
  knownRevisionOf(stream: string): number | undefined {
    return this.committed.get(stream);
  }

  setRevision(stream: string, revision: number, id: string): void {
    this.uncommitted.set(stream, { revision, id });
  }

  /** Where the ledger has put the last event of a stream, as far as it is applied. */
  setPosition(stream: string, position: Position): void {
    this.uncommittedPositions.set(stream, position);
  }

  /** Whether a stream ends with parts of a staged batch, as far as it has been read. */
  endsUnsealed(stream: string): boolean {
    return this.unsealed.size > 0 && this.unsealed.has(stream);
  }

  setUnsealed(stream: string, ends: boolean): void {
    if (ends === this.endsUnsealed(stream)) return;
    if (ends) {
      this.unsealed.add(stream);
      this.insertUnsealed.run(stream);
    } else {
      this.unsealed.delete(stream);
      this.deleteUnsealed.run(stream);
    }
    this.unsealedChanged = true;
  }

  /** Ends a rebuild: makes the secondary indexes and from now on survives a power failure. */
  complete(): void {
    for (const { indexes } of this.options.projections) if (indexes.trim() !== '') this.writer.exec(indexes);
    this.rebuilding = false;
    this.tune();
    // Brings what was written without waiting for the disk onto it, before the file is declared complete.
    this.writer.exec(`PRAGMA wal_checkpoint(TRUNCATE); UPDATE model_progress SET complete = 1; PRAGMA shrink_memory;`);
  }

  /** Has `queries` show what it shows now until the returned function is called. */
  pin(): () => void {
    this.queries.exec('BEGIN');
    // The first statement decides what the transaction shows.
    this.queries.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
    this.pinnedCheckpoint = this.committedCheckpoint;
    return () => {
      this.queries.exec('COMMIT');
      this.pinnedCheckpoint = undefined;
      this.commitCount++;
      contentReplaced(this.queries);
    };
  }

  /**
   * Takes over the content of a whole file of the same shape, in one transaction: whoever reads sees the old or the new. Connections go on. What the
   * new content lacks, from {@link checkpoint} on, is to be applied.
   *
   * @param isOfLedger whether what the rebuilt file holds is in the ledger
   * @throws Error when it is no such file
   */
  async replaceBy(rebuilt: string, isOfLedger: (content: ModelContent) => Promise<boolean>): Promise<void> {
    const { file, projections } = this.options;
    const source = new DatabaseSync(rebuilt);
    try {
      const progress = progressIn(source, projections);
      if (progress === undefined) throw new Error('another version of Cairn made it, or it is not whole');
      if (!(await isOfLedger({ ...progress, last: lastEventIn(source) }))) throw new Error('it is not of this ledger');
      takeNumbers(source, file, projections);
      await new Slices().drive(comparingNumbers(source, file, projections));
      await backup(source, file, { rate: COPY_PAGES });
      this.committedCheckpoint = progress.checkpoint;
      this.savedCheckpoint = progress.checkpoint;
      this.committed.clear();
      this.readUnsealed();
      contentReplaced(this.writer);
    } finally {
      source.close();
    }
  }

  /** Has the file made again at the next start. */
  markUnusable(): void {
    writeFileSync(unusableMarker(this.options.file), '', { mode: PRIVATE_FILE });
  }

  /** Has each commit look whether the log is to be copied: needs no thread, but may wait for the disk. */
  checkpointItself(): void {
    this.writer.exec(`PRAGMA wal_autocheckpoint = ${FALLBACK_CHECKPOINT_PAGES}`);
  }

  /** Brings what stands in the write-ahead log into the file, at once. */
  emptyLog(): void {
    this.writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.queries.close();
    this.writer.close();
  }

  private committedRevisionOf(stream: string): number {
    const known = this.committed.get(stream);
    if (known !== undefined) return known;
    const row = this.selectRevision.get(stream) as { revision: number } | undefined;
    if (row === undefined) return NO_STREAM;
    this.remember(stream, row.revision);
    return row.revision;
  }

  private readUnsealed(): void {
    this.unsealed.clear();
    for (const { stream } of this.writer.prepare('SELECT stream FROM model_unsealed').all()) {
      this.unsealed.add(String(stream));
    }
    this.unsealedChanged = false;
  }

  private remember(stream: string, revision: number): void {
    if (this.committed.size >= REVISIONS_IN_MEMORY_MAX && !this.committed.has(stream)) {
      const [oldest] = this.committed.keys();
      if (oldest !== undefined) this.committed.delete(oldest);
    }
    this.committed.set(stream, revision);
  }

  private tune(): void {
    const { cacheKib, isThrownAway } = this.options;
    this.writer.exec(`
      PRAGMA journal_size_limit = 0;
      PRAGMA synchronous = ${this.rebuilding || isThrownAway ? 'OFF' : 'NORMAL'};
      PRAGMA wal_autocheckpoint = ${this.rebuilding ? REBUILD_CHECKPOINT_PAGES : 0};
      PRAGMA cache_size = -${this.rebuilding ? REBUILD_CACHE_KIB : cacheKib};
    `);
  }
}
