import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ChainFaultKind, type ChainHead, EMPTY_HEAD, eventHash, faultBehind } from './hash-chain.js';
import { NO_STREAM, type Position, START, type TransferredEvent } from './ledger.js';
import { busyPauseMs, isBusy } from './sqlite-busy.js';
import { LOG_PAGES_MAX, PAGE_BYTES } from './sqlite-file.js';

/** A group ends at either of these, so that the lock is held for 5 ms at most, the commit's fsync included. */
const GROUP_MS_MAX = 2;
const GROUP_BYTES_MAX = 512 * 1024;

/** An append that gets no lock for so long is refused. */
const APPEND_TIMEOUT_MS = 10_000;

/** Heads of streams kept in memory. */
const HEADS_MAX = 50_000;

/** A checkpoint copies about so many pages of the write-ahead log (5 ms); done between commits, not in one. */
const CHECKPOINT_PAGES = 1000;
/** Pages that a commit writes besides its texts: about the ends of table and index. */
const PAGES_PER_COMMIT = 6;

/** An append as it is sent to the writer. */
export interface WriterAppend {
  readonly stream: string;
  readonly expectedRevision: number;
  /** `Date.now()` when it was asked for. */
  readonly sinceMs: number;
  readonly bytes: number;
  /** id, type, data, metadata of each event, one after the other: strings alone cross between threads fast. */
  readonly texts: readonly string[];
}

/** Events of another ledger, to be taken over as they are. */
export interface WriterTransfer {
  /** `Date.now()` when it was asked for. */
  readonly sinceMs: number;
  readonly bytes: number;
  readonly events: readonly TransferredEvent[];
}

export type WriterTask = WriterAppend | WriterTransfer;

/** What became of an append. */
export type WriterAnswer =
  | {
      readonly kind: 'appended';
      readonly revision: number;
      readonly position: Position;
      readonly hashes: readonly string[];
    }
  | { readonly kind: 'repeated'; readonly revision: number; readonly position: Position }
  | { readonly kind: 'conflict'; readonly actualRevision: number }
  /** An event of a transfer does not follow the last one of its stream. */
  | {
      readonly kind: 'unfit';
      readonly stream: string;
      readonly revision: number;
      readonly fault: ChainFaultKind;
    }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string };

const TEXTS_PER_EVENT = 4;

interface Head {
  readonly streamId: number;
  revision: number;
  hash: string;
}

/** Writes appends to a ledger file, many in one transaction. Synchronous: it runs where blocking harms nobody. */
export class SqliteWriter {
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

  /** True to the file as long as `dataVersion` is: it changes with every commit of another connection. */
  private readonly heads = new Map<string, Head>();
  private lastPosition: Position = START;
  private dataVersion = -1;

  private contended = false;
  private pauseUntilMs = 0;
  private logPages = 0;

  constructor(
    private readonly database: DatabaseSync,
    private readonly sleep: (ms: number) => void,
  ) {
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
      'INSERT INTO event (position, stream, revision, id, type, data, metadata, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.idsStatement = database.prepare(
      'SELECT id, position FROM event WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?',
    );
  }

  /** Commits a group from the front of the queue; the answers are those of as many appends, in their order. */
  commitGroup(queue: readonly WriterTask[]): readonly WriterAnswer[] {
    // After a commit under contention other processes go first: this one would otherwise get the lock each time and starve them.
    this.pause();
    const begun = this.begin(queue[0]);
    if (begun !== undefined) return [begun];
    const answers: WriterAnswer[] = [];
    let bytes = 0;
    try {
      const startedMs = performance.now();
      this.contended = this.notice() || this.contended;
      const before = this.lastPosition;
      for (const task of queue) {
        if (answers.length > 0) {
          if (bytes + task.bytes > GROUP_BYTES_MAX || performance.now() - startedMs > GROUP_MS_MAX) break;
        }
        answers.push('events' in task ? this.transfer(task.events) : this.write(task));
        bytes += task.bytes;
      }
      if (this.lastPosition > before) this.logPages += Math.ceil(bytes / PAGE_BYTES) + PAGES_PER_COMMIT;
    } catch (error) {
      this.rollBack();
      // The append that failed is the one that has no answer; those before it are written without it.
      const refused: WriterAnswer = { kind: 'refused', reason: `it cannot be written: ${String(error)}` };
      return answers.length === 0 ? [refused] : this.commitGroup(queue.slice(0, answers.length));
    }
    try {
      this.commitStatement.run();
    } catch (error) {
      this.rollBack();
      // The file may hold it nevertheless: recovery decides, should the machine stop now.
      return answers.map(() => ({ kind: 'unknown', reason: `the commit failed: ${String(error)}` }));
    }
    if (this.contended) this.pauseUntilMs = performance.now() + busyPauseMs();
    this.contended = false;
    return answers;
  }

  /** Copies the log into the file when it has grown; to be called between groups. */
  checkpointIfDue(): void {
    if (this.logPages < CHECKPOINT_PAGES) return;
    this.logPages = 0;
    try {
      const { log, done } = this.checkpoint('PASSIVE');
      if (log > LOG_PAGES_MAX && done < log) this.checkpoint('RESTART');
    } catch {
      // Everything stays in the log and the next checkpoint copies it; a disk that is broken or full fails appends.
    }
  }

  /** Opens the transaction, waiting for other processes' commits; otherwise returns why the append cannot have it. */
  private begin(first: WriterTask | undefined): WriterAnswer | undefined {
    for (;;) {
      try {
        this.beginStatement.run();
        return undefined;
      } catch (error) {
        if (!isBusy(error)) return { kind: 'refused', reason: `the lock cannot be taken: ${String(error)}` };
        if (first !== undefined && Date.now() - first.sinceMs > APPEND_TIMEOUT_MS) {
          return { kind: 'refused', reason: 'another process holds the lock' };
        }
      }
      this.contended = true;
      this.sleep(busyPauseMs());
    }
  }

  private pause(): void {
    const pauseMs = this.pauseUntilMs - performance.now();
    if (pauseMs > 0) this.sleep(pauseMs);
  }

  /** Writes an append if it expects the right revision; otherwise returns why not. */
  private write({ stream, expectedRevision, texts }: WriterAppend): WriterAnswer {
    const known = this.headOf(stream);
    const actualRevision = known?.revision ?? NO_STREAM;
    if (actualRevision !== expectedRevision) {
      const repeated = known === undefined ? undefined : this.firstAnswer(known.streamId, expectedRevision, texts);
      return repeated ?? { kind: 'conflict', actualRevision };
    }
    const head = known ?? this.createStream(stream);
    const hashes: string[] = [];
    let { revision, hash } = head;
    for (let at = 0; at < texts.length; at += TEXTS_PER_EVENT) {
      const [id = '', type = '', data = '', metadata = ''] = texts.slice(at, at + TEXTS_PER_EVENT);
      const position = ++this.lastPosition;
      revision++;
      hash = eventHash(hash, { stream, revision, type, id, data, metadata });
      this.insertEventStatement.run(position, head.streamId, revision, id, type, data, metadata, hash);
      hashes.push(hash);
    }
    head.revision = revision;
    head.hash = hash;
    return { kind: 'appended', revision, position: this.lastPosition, hashes };
  }

  /** Writes events of another ledger if all of them fit. */
  private transfer(events: readonly TransferredEvent[]): WriterAnswer {
    const unfit = this.firstUnfit(events);
    if (unfit !== undefined) return unfit;
    let revision = NO_STREAM;
    for (const { stream, id, type, data, metadata, hash, ...event } of events) {
      ({ revision } = event);
      const head = this.headOf(stream) ?? this.createStream(stream);
      const position = ++this.lastPosition;
      this.insertEventStatement.run(position, head.streamId, revision, id, type, data, metadata, hash);
      head.revision = revision;
      head.hash = hash;
    }
    return { kind: 'appended', revision, position: this.lastPosition, hashes: events.map(({ hash }) => hash) };
  }

  private firstUnfit(events: readonly TransferredEvent[]): WriterAnswer | undefined {
    const heads = new Map<string, ChainHead>();
    for (const event of events) {
      const { stream, revision, isRewritten = false } = event;
      const head = heads.get(stream) ?? this.headOf(stream) ?? EMPTY_HEAD;
      const fault = faultBehind(head, event, () => isRewritten);
      if (fault !== undefined) return { kind: 'unfit', stream, revision, fault };
      heads.set(stream, event);
    }
    return undefined;
  }

  /** The answer to the same append made earlier, if the ledger holds its events at the expected revision. */
  private firstAnswer(streamId: number, expectedRevision: number, texts: readonly string[]): WriterAnswer | undefined {
    const count = texts.length / TEXTS_PER_EVENT;
    const existing = this.idsStatement.all(streamId, expectedRevision, count) as { id: string; position: number }[];
    const last = existing.at(-1);
    if (last === undefined || existing.length < count) return undefined;
    if (existing.some(({ id }, index) => texts[index * TEXTS_PER_EVENT] !== id)) return undefined;
    return { kind: 'repeated', revision: expectedRevision + count, position: last.position };
  }

  private headOf(stream: string): Head | undefined {
    const cached = this.heads.get(stream);
    if (cached !== undefined) return cached;
    const streamId = this.streamIdStatement.get(stream)?.['id'];
    if (typeof streamId !== 'number') return undefined;
    const row = this.headStatement.get(streamId) as { revision: number; hash: string } | undefined;
    return this.cacheHead(stream, { streamId, ...(row ?? EMPTY_HEAD) });
  }

  private createStream(stream: string): Head {
    const streamId = Number(this.insertStreamStatement.run(stream).lastInsertRowid);
    return this.cacheHead(stream, { streamId, ...EMPTY_HEAD });
  }

  private cacheHead(stream: string, head: Head): Head {
    if (this.heads.size >= HEADS_MAX) this.heads.clear();
    this.heads.set(stream, head);
    return head;
  }

  /** Inside the transaction: forgets what other connections may have changed; says whether they have. */
  private notice(): boolean {
    const version = Number(this.dataVersionStatement.get()?.['data_version']);
    if (version === this.dataVersion) return false;
    const isFirst = this.dataVersion === -1;
    this.heads.clear();
    const position = this.lastPositionStatement.get()?.['position'];
    this.lastPosition = typeof position === 'number' ? position : START;
    this.dataVersion = version;
    return !isFirst;
  }

  private rollBack(): void {
    try {
      if (this.database.isTransaction) this.rollbackStatement.run();
    } finally {
      this.heads.clear();
      this.dataVersion = -1;
    }
  }

  private checkpoint(mode: 'PASSIVE' | 'RESTART'): { log: number; done: number } {
    const row = this.database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
    return { log: Number(row?.['log'] ?? 0), done: Number(row?.['checkpointed'] ?? 0) };
  }
}
