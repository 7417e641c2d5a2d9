import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { LedgerUnavailable, OutcomeUnknown, RevisionConflict } from './errors.js';
import { eventHash, GENESIS } from './hash-chain.js';
import {
  type Appended,
  type Batch,
  Ledger,
  type NewEvent,
  NO_STREAM,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  START,
  type SubscribeOptions,
} from './ledger.js';
import { RecentEvents } from './recent-events.js';
import { type SerializedEvent, serializeAll } from './serialized-event.js';
import { busyPauseMs, isBusy, retryWhileBusy } from './sqlite-busy.js';
import { prefixMatcher } from './stream-filter.js';
import { Waiter } from './waiter.js';

const SCHEMA_VERSION = 1;

/**
 * Positions are dense and ascend with each append. The head of a stream is its row of highest revision, so an append
 * writes events only. Event ids have no index: they are compared where an append was expected (as EventStoreDB does); an
 * index of random keys tripled the pages written for each commit.
 */
const SCHEMA = `
  CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Opening may have to wait for another process that opens, recovers or closes the same file. */
const OPEN_PATIENCE_MS = 10_000;
/** An append that gets no lock for so long is refused. */
const APPEND_PATIENCE_MS = 10_000;
const READ_PATIENCE_MS = 5_000;

/** Appends that wait, all together. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;

/** A group ends at either of these, so that the lock is held for 5 ms at most, the commit's fsync included. */
const GROUP_MS_MAX = 2;
const GROUP_BYTES_MAX = 512 * 1024;

/** Heads of streams kept in memory. */
const HEADS_MAX = 50_000;

/** A slice of reading: bounded in events, characters and, for a filter that matches little, positions looked at. */
const SLICE_EVENTS = 512;
const SLICE_CHARACTERS = 1024 * 1024;
const SLICE_POSITIONS = 8192;

/** Other processes' appends are looked for this often; less and less while there are none. */
const POLL_MS_MIN = 2;
const POLL_MS_MAX = 25;
const POLL_SLOWDOWN = 1.05;

/** A checkpoint copies about so many pages of the write-ahead log (5 ms); done between commits, not in one. */
const CHECKPOINT_PAGES = 1000;
/** When writers leave no moment in which a checkpoint completes and the log has grown so far, they are held up for it. */
const LOG_PAGES_MAX = 16_384;
const PAGE_BYTES = 4096;
/** Pages that a commit writes besides its texts: about the ends of table and index. */
const PAGES_PER_COMMIT = 6;
const CACHE_KIB = 16 * 1024;

interface Pending {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly events: readonly SerializedEvent[];
  readonly bytes: number;
  readonly sinceMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

interface Head {
  readonly streamId: number;
  revision: number;
  hash: string;
}

/** A recorded event as a row; an alias, because rows come as records. */
type EventRow = { readonly [Field in keyof RecordedEvent]: RecordedEvent[Field] };

const EVENT_COLUMNS = 'e.position, s.name AS stream, e.revision, e.id, e.type, e.data, e.metadata, e.hash';

/**
 * The ledger in one SQLite file, for one process or several on one host. Appends of one turn of the event loop become one
 * transaction. See `docs/adr/0002-sqlite-ledger.md`.
 */
export class SqliteLedger extends Ledger {
  static async open(file: string): Promise<SqliteLedger> {
    const database = await retryWhileBusy(() => SqliteLedger.openDatabase(file), OPEN_PATIENCE_MS);
    return new SqliteLedger(database);
  }

  private static openDatabase(file: string): DatabaseSync {
    // SQLite's own waiting would block the event loop and starves writers.
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec(`
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA journal_size_limit = ${LOG_PAGES_MAX * PAGE_BYTES};
        PRAGMA cache_size = -${CACHE_KIB};
        BEGIN IMMEDIATE;
      `);
      const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
      if (version === 0) database.exec(SCHEMA);
      else if (version !== SCHEMA_VERSION) {
        throw new Error(`${file} is a ledger of version ${String(version)}; this program knows ${SCHEMA_VERSION}`);
      }
      database.exec('COMMIT');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private readonly beginStatement: StatementSync;
  private readonly commitStatement: StatementSync;
  private readonly rollbackStatement: StatementSync;
  private readonly dataVersionStatement: StatementSync;
  private readonly lastPositionStatement: StatementSync;
  private readonly streamIdStatement: StatementSync;
  private readonly headStatement: StatementSync;
  private readonly insertStreamStatement: StatementSync;
  private readonly insertEventStatement: StatementSync;
  private readonly idsStatement: StatementSync;
  private readonly forwardsStatement: StatementSync;
  private readonly backwardsStatement: StatementSync;

  private queue: Pending[] = [];
  private queueBytes = 0;
  private flushScheduled = false;
  /** No commit before this moment: other processes have their turn. */
  private pauseUntilMs = 0;
  private contended = false;

  /** True to the file as long as `dataVersion` is: it changes with every commit of another connection. */
  private readonly heads = new Map<string, Head>();
  private lastPosition: Position = START;
  private dataVersion = -1;

  private readonly recent = new RecentEvents();
  private readonly wakers = new Set<() => void>();
  private subscribers = 0;
  private pollTimer: NodeJS.Timeout | undefined;
  private pollMs = POLL_MS_MIN;
  private pollFault: Error | undefined;

  private logPages = 0;
  private checkpointScheduled = false;

  private closing: Promise<void> | undefined;
  private drained: (() => void) | undefined;

  private constructor(private readonly database: DatabaseSync) {
    super();
    this.beginStatement = database.prepare('BEGIN IMMEDIATE');
    this.commitStatement = database.prepare('COMMIT');
    this.rollbackStatement = database.prepare('ROLLBACK');
    this.dataVersionStatement = database.prepare('PRAGMA data_version');
    this.lastPositionStatement = database.prepare('SELECT max(position) AS position FROM event');
    this.streamIdStatement = database.prepare('SELECT id FROM stream WHERE name = ?');
    this.headStatement = database.prepare(
      'SELECT revision, hash FROM event WHERE stream = ? ORDER BY revision DESC LIMIT 1',
    );
    this.insertStreamStatement = database.prepare('INSERT INTO stream (name) VALUES (?)');
    this.insertEventStatement = database.prepare(
      `INSERT INTO event (position, stream, revision, id, type, data, metadata, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.idsStatement = database.prepare(
      'SELECT id, position FROM event WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?',
    );
    const streamPage = (comparison: string, order: string): StatementSync =>
      database.prepare(`
        SELECT ${EVENT_COLUMNS} FROM stream s CROSS JOIN event e ON e.stream = s.id
        WHERE s.name = ? AND e.revision ${comparison} ? ORDER BY e.revision ${order} LIMIT ?
      `);
    this.forwardsStatement = streamPage('>=', 'ASC');
    this.backwardsStatement = streamPage('<=', 'DESC');
  }

  override append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (!Number.isSafeInteger(expectedRevision) || expectedRevision < NO_STREAM) {
        throw new TypeError(`${expectedRevision} is not a revision`);
      }
      if (this.closing !== undefined) throw new LedgerUnavailable(stream, 'the ledger is closed');
      const { serialized, bytes } = serializeAll(stream, events);
      if (this.queueBytes + bytes > QUEUE_BYTES_MAX) throw new LedgerUnavailable(stream, 'too many appends wait');
      this.queueBytes += bytes;
      const sinceMs = performance.now();
      this.queue.push({ stream, expectedRevision, events: serialized, bytes, sinceMs, resolve, reject });
      this.scheduleFlush();
    });
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Infinity } = options;
    const forwards = direction === 'forwards';
    const statement = forwards ? this.forwardsStatement : this.backwardsStatement;
    let from = options.from ?? (forwards ? 0 : Number.MAX_SAFE_INTEGER);
    const events: RecordedEvent[] = [];
    for (;;) {
      const wanted = Math.min(SLICE_EVENTS, limit - events.length);
      if (wanted <= 0) return events;
      const slice = await this.readSlice(statement, [stream, from, wanted]);
      events.push(...slice.events);
      const last = slice.events.at(-1);
      if (last === undefined || (slice.exhausted && slice.events.length < wanted)) return events;
      from = forwards ? last.revision + 1 : last.revision - 1;
      await eventLoopTurn();
    }
  }

  override async *readAll({ after = START, streamPrefixes }: ReadAllOptions = {}): AsyncIterable<Batch> {
    const reader = this.reader(streamPrefixes);
    const head = await this.head();
    for (let cursor = after; cursor < head && this.closing === undefined;) {
      const batch = await reader(cursor, head);
      cursor = batch.upTo;
      yield batch;
      await eventLoopTurn();
    }
  }

  override async *subscribe(options: SubscribeOptions = {}): AsyncIterable<Batch> {
    const { after = START, streamPrefixes, signal } = options;
    const reader = this.reader(streamPrefixes);
    const matches = prefixMatcher(streamPrefixes);
    const waiter = new Waiter();
    this.wakers.add(waiter.wake);
    signal?.addEventListener('abort', waiter.wake);
    this.startPolling();
    try {
      await retryWhileBusy(() => {
        this.notice();
      }, READ_PATIENCE_MS);
      for (let cursor = after; ;) {
        if (signal?.aborted === true || this.closing !== undefined) return;
        if (this.pollFault !== undefined) throw this.pollFault;
        const recent = this.recent.behind(cursor, SLICE_EVENTS);
        if (recent !== undefined) {
          cursor = recent.at(-1)?.position ?? cursor;
          yield { events: recent.filter(({ stream }) => matches(stream)), upTo: cursor };
        } else if (cursor < this.lastPosition) {
          const batch = await reader(cursor, this.lastPosition);
          cursor = batch.upTo;
          yield batch;
          await eventLoopTurn();
        } else {
          await waiter.wait();
        }
      }
    } finally {
      signal?.removeEventListener('abort', waiter.wake);
      this.wakers.delete(waiter.wake);
      this.stopPolling();
    }
  }

  override head(): Promise<Position> {
    return retryWhileBusy(() => this.readLastPosition(), READ_PATIENCE_MS);
  }

  /** Finishes the appends that wait, ends the subscriptions, and closes the file. */
  override close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    if (this.queue.length > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve;
      });
    }
    clearTimeout(this.pollTimer);
    this.wakeSubscribers();
    this.database.close();
  }

  private scheduleFlush(): void {
    if (this.flushScheduled || this.queue.length === 0) return;
    this.flushScheduled = true;
    const pauseMs = this.pauseUntilMs - performance.now();
    if (pauseMs > 0) setTimeout(this.flush, pauseMs);
    else setImmediate(this.flush);
  }

  /** Commits a group of the appends that wait. */
  private readonly flush = (): void => {
    this.flushScheduled = false;
    if (this.begin()) {
      this.commitGroup();
      // Whoever has just committed lets others go first, or it would find the lock free each time and starve them.
      if (this.contended) this.pauseUntilMs = performance.now() + busyPauseMs();
      this.contended = false;
    }
    this.scheduleFlush();
    if (this.queue.length === 0) this.drained?.();
    this.scheduleCheckpoint();
  };

  private begin(): boolean {
    try {
      this.beginStatement.run();
      return true;
    } catch (error) {
      if (isBusy(error)) {
        this.contended = true;
        this.pauseUntilMs = performance.now() + busyPauseMs();
        this.refuseStale();
      } else {
        this.refuse(this.take(this.queue.length), 'the lock cannot be taken', error);
      }
      return false;
    }
  }

  /** Refuses the appends that have waited too long for the lock. They stand in the order in which they came. */
  private refuseStale(): void {
    const giveUpAt = performance.now() - APPEND_PATIENCE_MS;
    const firstFresh = this.queue.findIndex(({ sinceMs }) => sinceMs > giveUpAt);
    this.refuse(this.take(firstFresh === -1 ? this.queue.length : firstFresh), 'another process holds the lock');
  }

  private refuse(appends: readonly Pending[], reason: string, cause?: unknown): void {
    for (const { stream, reject } of appends) reject(new LedgerUnavailable(stream, reason, cause));
  }

  private take(count: number): readonly Pending[] {
    const taken = this.queue.splice(0, count);
    for (const { bytes } of taken) this.queueBytes -= bytes;
    return taken;
  }

  /** Runs inside the transaction that `begin` has opened, and ends it. */
  private commitGroup(): void {
    const startedMs = performance.now();
    const recorded: RecordedEvent[] = [];
    const answers: (Appended | RevisionConflict)[] = [];
    let bytes = 0;
    try {
      if (this.notice()) this.contended = true;
      for (const pending of this.queue) {
        if (answers.length > 0) {
          if (bytes + pending.bytes > GROUP_BYTES_MAX || performance.now() - startedMs > GROUP_MS_MAX) break;
        }
        answers.push(this.place(pending, recorded));
        bytes += pending.bytes;
      }
    } catch (error) {
      this.rollBack();
      // The append that failed is the one that has no answer; those before it are tried again without it.
      const failed = this.queue[answers.length];
      const before = this.take(answers.length + 1).slice(0, answers.length);
      this.queue.unshift(...before);
      for (const again of before) this.queueBytes += again.bytes;
      if (failed !== undefined) this.refuse([failed], 'it cannot be written', error);
      return;
    }
    const group = this.take(answers.length);
    try {
      this.commitStatement.run();
    } catch (error) {
      this.rollBack();
      // The file may hold it nevertheless: recovery decides, should the machine stop now.
      for (const { stream, reject } of group) reject(new OutcomeUnknown(stream, error));
      return;
    }
    this.settle(group, answers, recorded);
    if (recorded.length > 0) this.logPages += Math.ceil(bytes / PAGE_BYTES) + PAGES_PER_COMMIT;
  }

  private settle(
    group: readonly Pending[],
    answers: readonly (Appended | RevisionConflict)[],
    recorded: readonly RecordedEvent[],
  ): void {
    for (const [index, answer] of answers.entries()) {
      if (answer instanceof RevisionConflict) group[index]?.reject(answer);
      else group[index]?.resolve(answer);
    }
    const last = recorded.at(-1);
    if (last === undefined) return;
    this.lastPosition = last.position;
    if (this.subscribers === 0) return;
    this.recent.push(recorded);
    this.wakeSubscribers();
  }

  /** Writes an append at its place, or says why it has none. */
  private place(pending: Pending, recorded: RecordedEvent[]): Appended | RevisionConflict {
    const { stream, expectedRevision, events } = pending;
    const known = this.headOf(stream);
    const actualRevision = known?.revision ?? NO_STREAM;
    if (actualRevision !== expectedRevision) {
      const first = known === undefined ? undefined : this.firstOutcome(known.streamId, expectedRevision, events);
      return first ?? new RevisionConflict(stream, expectedRevision, actualRevision);
    }
    const head = known ?? this.createStream(stream);
    let position = recorded.at(-1)?.position ?? this.lastPosition;
    for (const { id, type, data, metadata } of events) {
      position++;
      const revision = head.revision + 1;
      const hash = eventHash(head.hash, { stream, revision, type, id, data, metadata });
      this.insertEventStatement.run(position, head.streamId, revision, id, type, data, metadata, hash);
      recorded.push({ position, stream, revision, id, type, data, metadata, hash });
      head.revision = revision;
      head.hash = hash;
    }
    return { revision: head.revision, position };
  }

  /** How the same append was answered before, if its events stand where it wants them. */
  private firstOutcome(
    streamId: number,
    expectedRevision: number,
    events: readonly SerializedEvent[],
  ): Appended | undefined {
    const standing = this.idsStatement.all(streamId, expectedRevision, events.length) as {
      id: string;
      position: number;
    }[];
    const last = standing.at(-1);
    if (last === undefined || standing.length < events.length) return undefined;
    if (events.some(({ id }, index) => standing[index]?.id !== id)) return undefined;
    return { revision: expectedRevision + events.length, position: last.position };
  }

  private headOf(stream: string): Head | undefined {
    const cached = this.heads.get(stream);
    if (cached !== undefined) return cached;
    const streamId = this.streamIdStatement.get(stream)?.['id'];
    if (typeof streamId !== 'number') return undefined;
    const row = this.headStatement.get(streamId) as { revision: number; hash: string } | undefined;
    return this.cacheHead(stream, { streamId, revision: row?.revision ?? NO_STREAM, hash: row?.hash ?? GENESIS });
  }

  private createStream(stream: string): Head {
    const streamId = Number(this.insertStreamStatement.run(stream).lastInsertRowid);
    return this.cacheHead(stream, { streamId, revision: NO_STREAM, hash: GENESIS });
  }

  private cacheHead(stream: string, head: Head): Head {
    if (this.heads.size >= HEADS_MAX) this.heads.clear();
    this.heads.set(stream, head);
    return head;
  }

  private rollBack(): void {
    try {
      if (this.database.isTransaction) this.rollbackStatement.run();
    } finally {
      this.heads.clear();
      this.dataVersion = -1;
    }
  }

  /** Takes notice of what other connections have committed since the last time; says whether they have. */
  private notice(): boolean {
    const version = this.dataVersionStatement.get()?.['data_version'];
    if (typeof version !== 'number' || version === this.dataVersion) return false;
    const isFirst = this.dataVersion === -1;
    this.heads.clear();
    this.lastPosition = this.readLastPosition();
    this.dataVersion = version;
    this.wakeSubscribers();
    return !isFirst;
  }

  private readLastPosition(): Position {
    const position = this.lastPositionStatement.get()?.['position'];
    return typeof position === 'number' ? position : START;
  }

  private wakeSubscribers(): void {
    for (const wake of this.wakers) wake();
  }

  private startPolling(): void {
    this.subscribers++;
    if (this.subscribers === 1) this.schedulePoll();
  }

  private stopPolling(): void {
    this.subscribers--;
    if (this.subscribers > 0) return;
    clearTimeout(this.pollTimer);
    this.recent.clear();
  }

  private schedulePoll(): void {
    if (this.closing !== undefined || this.subscribers === 0) return;
    this.pollTimer = setTimeout(this.poll, this.pollMs).unref();
  }

  private readonly poll = (): void => {
    try {
      const changed = this.notice();
      if (changed) this.contended = true;
      this.pollMs = changed ? POLL_MS_MIN : Math.min(POLL_MS_MAX, this.pollMs * POLL_SLOWDOWN);
    } catch (error) {
      // Busy: another process recovers or closes the file, and the next poll sees what it did.
      if (!isBusy(error)) {
        this.pollFault = error instanceof Error ? error : new Error('Polling failed', { cause: error });
        this.wakeSubscribers();
      }
    }
    this.schedulePoll();
  };

  /** Reads the next slice behind a position, of the streams with one of the prefixes, up to a known head. */
  private reader(streamPrefixes: readonly string[] | undefined): (after: Position, head: Position) => Promise<Batch> {
    // CROSS JOIN: the events in their order, the stream looked up for each; the texts are read of those that pass only.
    const prefixes = streamPrefixes ?? [''];
    const filter = prefixes.map(() => 'substr(s.name, 1, length(?)) = ?').join(' OR ');
    const statement = this.database.prepare(`
      SELECT ${EVENT_COLUMNS} FROM event e CROSS JOIN stream s ON s.id = e.stream
      WHERE e.position > ? AND e.position <= ? AND (${filter === '' ? 'FALSE' : filter})
      ORDER BY e.position LIMIT ${SLICE_EVENTS}
    `);
    const filterParameters = prefixes.flatMap((prefix) => [prefix, prefix]);
    return async (after, head) => {
      const end = Math.min(head, after + SLICE_POSITIONS);
      const slice = await this.readSlice(statement, [after, end, ...filterParameters]);
      const last = slice.events.at(-1);
      const complete = slice.exhausted && slice.events.length < SLICE_EVENTS;
      return { events: slice.events, upTo: complete || last === undefined ? end : last.position };
    };
  }

  /** Runs a query to its end or to the bound of a slice, whichever comes first. */
  private readSlice(
    statement: StatementSync,
    parameters: readonly (string | number)[],
  ): Promise<{ events: readonly RecordedEvent[]; exhausted: boolean }> {
    return retryWhileBusy(() => {
      const events: RecordedEvent[] = [];
      let characters = 0;
      for (const row of statement.iterate(...parameters)) {
        const event = row as EventRow;
        events.push(event);
        characters += event.data.length + event.metadata.length;
        if (characters >= SLICE_CHARACTERS) return { events, exhausted: false };
      }
      return { events, exhausted: true };
    }, READ_PATIENCE_MS);
  }

  private scheduleCheckpoint(): void {
    if (this.checkpointScheduled || this.logPages < CHECKPOINT_PAGES || this.closing !== undefined) return;
    this.checkpointScheduled = true;
    // In a turn of its own, so that the appends just committed are answered first.
    setImmediate(this.checkpoint);
  }

  private readonly checkpoint = (): void => {
    this.checkpointScheduled = false;
    if (!this.database.isOpen) return;
    this.logPages = 0;
    try {
      const { log, done } = this.runCheckpoint('PASSIVE');
      if (log > LOG_PAGES_MAX && done < log) this.runCheckpoint('RESTART');
    } catch {
      // Everything stays in the log and the next checkpoint copies it; a disk that is broken or full fails appends.
    }
  };

  private runCheckpoint(mode: 'PASSIVE' | 'RESTART'): { log: number; done: number } {
    const row = this.database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    return { log: Number(row?.['log'] ?? 0), done: Number(row?.['checkpointed'] ?? 0) };
  }
}
