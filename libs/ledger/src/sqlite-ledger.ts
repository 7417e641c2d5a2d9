import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { unusableFile } from '#platform/unusable-file.js';
import { programPath } from '#platform/program-path.js';
import { LedgerUnavailable, OutcomeUnknown, RevisionConflict, TransferRefused } from './errors.js';
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
  type TransferredEvent,
} from './ledger.js';
import { RecentEvents } from './recent-events.js';
import { bytesInAppend, type SerializedEvent, serializeAll } from './serialized-event.js';
import { isBusy, retryWhileBusy } from './sqlite-busy.js';
import { mergedReader, openArchive } from './archive/archive-file.js';
import { openLedgerFile } from './sqlite-file.js';
import { READ_TIMEOUT_MS, SLICE_EVENTS, type SliceReader, SqliteReads } from './sqlite-reads.js';
import type { FromWriter, ToWriter, WriterStart } from './sqlite-writer-thread.js';
import type { WriterAnswer, WriterTask } from './sqlite-writer.js';
import { prefixMatcher } from './stream-filter.js';
import { Waiter } from './waiter.js';

/** Opening may have to wait for another process that opens, recovers or closes the same file. */
const OPEN_TIMEOUT_MS = 10_000;

/** Appends that wait for their answers, all together. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

/** Interval of polling for appends of other processes; a shorter one would slow down every change (ADR 2). */
const POLL_MS = 25;

/** A subscription that matches nothing is given its new position this often, so that it need not read so much again after a restart. */
const POSITION_REPORT_MS = 1000;

const WRITER_THREAD = programPath('libs/ledger/src/sqlite-writer-thread.js');

type AppendedAnswer = Extract<WriterAnswer, { kind: 'appended' }>;

interface Pending {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly bytes: number;
  /** The events as the writer says that it has recorded them. */
  readonly recorded: (answer: AppendedAnswer) => readonly RecordedEvent[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

interface Subscriber {
  readonly matches: (stream: string) => boolean;
  readonly wake: () => void;
  /** Everything up to here has been looked at. */
  cursor: Position;
  /** `upTo` of the last batch delivered. */
  delivered: Position;
  /** Whether it waits for more. */
  idle: boolean;
}

/**
 * The ledger in one SQLite file, for one process or several on one host. A thread of its own writes; what arrives while it
 * commits goes into its next transaction. See `docs/adr/0002-sqlite-ledger.md`.
 */
export class SqliteLedger extends Ledger {
  /** @throws CannotStart when the file is broken, or others hold it for long */
  static async open(file: string): Promise<SqliteLedger> {
    try {
      const database = await retryWhileBusy(() => openLedgerFile(file), OPEN_TIMEOUT_MS);
      let archive: DatabaseSync | undefined;
      try {
        archive = openArchive(file);
        return new SqliteLedger(file, database, archive);
      } catch (error) {
        // A connection that stays open keeps the log of the file from being removed.
        archive?.close();
        database.close();
        throw error;
      }
    } catch (error) {
      throw unusableFile(file, error);
    }
  }

  private readonly dataVersionStatement: StatementSync;
  private readonly lastPositionStatement: StatementSync;
  private readonly reads: SqliteReads;
  private readonly archived: SqliteReads | undefined;

  private writer: Worker | undefined;
  private readonly signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** Appends that were made together, to be sent in one message. */
  private unsent: WriterTask[] = [];
  /** All appends without an answer; the writer answers in their order. */
  private pending: Pending[] = [];
  private pendingBytes = 0;

  private lastPosition: Position = START;
  private dataVersion = -1;
  private readonly recent = new RecentEvents();
  private readonly subscribers = new Set<Subscriber>();
  private positionReportMs = 0;
  private pollTimer: NodeJS.Timeout | undefined;
  private pollFault: Error | undefined;

  private closing: Promise<void> | undefined;

  private constructor(
    private readonly file: string,
    /** Reads only; the writer has a connection of its own. */
    private readonly database: DatabaseSync,
    /** Holds the beginnings of streams whose other events are in the file. */
    private readonly archive: DatabaseSync | undefined,
  ) {
    super();
    this.reads = new SqliteReads(database);
    this.archived = archive && new SqliteReads(archive);
    this.dataVersionStatement = database.prepare('PRAGMA data_version');
    this.lastPositionStatement = database.prepare('SELECT max(position) AS position FROM event');
  }

  override append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (!Number.isSafeInteger(expectedRevision) || expectedRevision < NO_STREAM) {
        throw new TypeError(`${expectedRevision} is not a revision`);
      }
      if (this.closing !== undefined) throw new LedgerUnavailable(stream, 'the ledger is closed');
      const { serialized, bytes } = serializeAll(stream, events);
      const recorded = (answer: AppendedAnswer): readonly RecordedEvent[] =>
        recordedEvents(stream, expectedRevision, serialized, answer);
      const texts = serialized.flatMap(({ id, type, data, metadata }) => [id, type, data, metadata]);
      this.enqueue(
        { stream, expectedRevision, bytes, recorded, resolve, reject },
        { stream, expectedRevision, sinceMs: Date.now(), bytes, texts },
      );
    });
  }

  override appendRecorded(events: readonly TransferredEvent[]): Promise<Position> {
    return new Promise((resolve, reject) => {
      const [first] = events;
      if (first === undefined) throw new TypeError('A transfer has at least one event');
      if (this.closing !== undefined) throw new LedgerUnavailable(first.stream, 'the ledger is closed');
      const bytes = events.reduce((sum, event) => sum + bytesInAppend(event), 0);
      this.enqueue(
        {
          stream: first.stream,
          expectedRevision: first.revision - 1,
          bytes,
          recorded: ({ position: last }) =>
            events.map((event, index) => ({ position: last - events.length + 1 + index, ...recordedMembers(event) })),
          resolve: ({ position }) => resolve(position),
          reject,
        },
        {
          sinceMs: Date.now(),
          bytes,
          events: events.map((event) => ({ ...recordedMembers(event), isRewritten: event.isRewritten === true })),
        },
      );
    });
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Infinity } = options;
    const forwards = direction === 'forwards';
    let from = options.from ?? (forwards ? 0 : Number.MAX_SAFE_INTEGER);
    const events: RecordedEvent[] = [];
    for (const reads of forwards ? [this.archived, this.reads] : [this.reads, this.archived]) {
      while (reads !== undefined) {
        const wanted = Math.min(SLICE_EVENTS, limit - events.length);
        if (wanted <= 0) return events;
        const slice = await reads.stream(stream, from, forwards, wanted);
        events.push(...slice.events);
        const last = slice.events.at(-1);
        if (last === undefined) break;
        from = forwards ? last.revision + 1 : last.revision - 1;
        if (slice.exhausted && slice.events.length < wanted) break;
        await eventLoopTurn();
      }
    }
    return events;
  }

  override async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    return (await this.reads.at(position)) ?? this.archived?.at(position);
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
    const subscriber: Subscriber = { matches, wake: waiter.wake, cursor: after, delivered: after, idle: false };
    this.subscribers.add(subscriber);
    signal?.addEventListener('abort', waiter.wake);
    if (this.subscribers.size === 1) this.schedulePoll();
    try {
      await retryWhileBusy(() => {
        this.notice();
      }, READ_TIMEOUT_MS);
      for (;;) {
        if (signal?.aborted === true || this.closing !== undefined) return;
        if (this.pollFault !== undefined) throw this.pollFault;
        const { cursor } = subscriber;
        const recent = this.recent.behind(cursor, SLICE_EVENTS);
        if (recent !== undefined) {
          const upTo = recent.at(-1)?.position ?? cursor;
          subscriber.cursor = subscriber.delivered = upTo;
          yield { events: recent.filter(({ stream }) => matches(stream)), upTo };
        } else if (cursor < this.lastPosition) {
          const batch = await reader(cursor, this.lastPosition);
          subscriber.cursor = subscriber.delivered = batch.upTo;
          yield batch;
          await eventLoopTurn();
        } else if (subscriber.delivered < cursor) {
          subscriber.delivered = cursor;
          yield { events: [], upTo: cursor };
        } else {
          subscriber.idle = true;
          await waiter.wait();
          subscriber.idle = false;
        }
      }
    } finally {
      signal?.removeEventListener('abort', waiter.wake);
      this.subscribers.delete(subscriber);
      if (this.subscribers.size === 0) this.stopPolling();
    }
  }

  override head(): Promise<Position> {
    return retryWhileBusy(() => this.readLastPosition(), READ_TIMEOUT_MS);
  }

  override pollNow(): void {
    this.look();
    this.reportPositions();
  }

  /** Finishes the appends that wait, ends the subscriptions, and closes the file. */
  override close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.send();
    const { writer } = this;
    if (writer !== undefined) {
      // It ends when it has answered everything before this.
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      writer.ref();
      this.post(writer, 'close');
      await ended;
    }
    clearTimeout(this.pollTimer);
    this.wakeSubscribers();
    this.database.close();
    this.archive?.close();
  }

  private enqueue(pending: Pending, task: WriterTask): void {
    if (this.pendingBytes + pending.bytes > PENDING_BYTES_MAX) {
      throw new LedgerUnavailable(pending.stream, 'too many appends wait');
    }
    this.pendingBytes += pending.bytes;
    this.pending.push(pending);
    this.unsent.push(task);
    // A microtask, not a turn of the event loop: the caller of a single append would wait for that.
    if (this.unsent.length === 1) queueMicrotask(this.send);
  }

  private readonly send = (): void => {
    if (this.unsent.length === 0) return;
    const writer = (this.writer ??= this.startWriter());
    writer.ref();
    this.post(writer, this.unsent);
    this.unsent = [];
  };

  private post(writer: Worker, message: ToWriter): void {
    writer.postMessage(message);
    Atomics.add(this.signal, 0, 1);
    Atomics.notify(this.signal, 0);
  }

  private startWriter(): Worker {
    const writer = new Worker(WRITER_THREAD, {
      workerData: { file: this.file, signal: this.signal } satisfies WriterStart,
    });
    writer.on('message', (answers: FromWriter) => {
      if (this.writer === writer) this.receive(answers);
    });
    writer.on('error', (fault: Error) => this.abandon(writer, fault));
    writer.on('exit', () => this.abandon(writer, new Error('The writer ended')));
    return writer;
  }

  private receive(answers: FromWriter): void {
    const answered = this.pending.splice(0, answers.length);
    const recorded: RecordedEvent[] = [];
    for (const [index, answer] of answers.entries()) {
      const pending = answered[index];
      if (pending === undefined) throw new Error('The writer answered more appends than were sent');
      this.pendingBytes -= pending.bytes;
      if (answer.kind === 'appended' && this.subscribers.size > 0) recorded.push(...pending.recorded(answer));
      settle(pending, answer);
    }
    // A process that waits for nothing else may end.
    if (this.pending.length === 0) this.writer?.unref();
    this.publish(recorded);
  }

  /** Wakes the subscribers that want some of the events; for the others, only the position moves on. */
  private publish(recorded: readonly RecordedEvent[]): void {
    const [first] = recorded;
    const last = recorded.at(-1);
    if (first === undefined || last === undefined) return;
    this.recent.push(recorded);
    this.lastPosition = Math.max(this.lastPosition, last.position);
    for (const subscriber of this.subscribers) {
      const hasSeenAllBefore = subscriber.idle && subscriber.cursor + 1 === first.position;
      if (hasSeenAllBefore && !recorded.some(({ stream }) => subscriber.matches(stream))) {
        subscriber.cursor = last.position;
      } else {
        subscriber.wake();
      }
    }
  }

  /** Has subscriptions that were not woken deliver how far the ledger has come. */
  private reportPositions(): void {
    for (const { cursor, delivered, wake } of this.subscribers) if (delivered < cursor) wake();
  }

  /** The thread has died: the outcome of its appends is unknown. The next append starts another thread. */
  private abandon(writer: Worker, fault: Error): void {
    if (this.writer !== writer) return;
    this.writer = undefined;
    this.unsent = [];
    this.pendingBytes = 0;
    for (const { stream, reject } of this.pending.splice(0)) reject(new OutcomeUnknown(stream, fault));
  }

  /** Finds what other processes have appended; a failure ends the subscriptions with an error. */
  private look(): void {
    if (this.subscribers.size === 0 || this.closing !== undefined) return;
    try {
      this.notice();
    } catch (error) {
      // Busy: another process recovers or closes the file, and the next poll sees what it did.
      if (isBusy(error)) return;
      this.pollFault = error instanceof Error ? error : new Error('Polling failed', { cause: error });
      this.wakeSubscribers();
    }
  }

  /** Notices what other processes have appended to the file. */
  private notice(): void {
    const version = Number(this.dataVersionStatement.get()?.['data_version']);
    if (version === this.dataVersion) return;
    const position = this.readLastPosition();
    this.dataVersion = version;
    if (position <= this.lastPosition) return;
    this.lastPosition = position;
    this.wakeSubscribers();
  }

  private readLastPosition(): Position {
    const position = this.lastPositionStatement.get()?.['position'];
    return typeof position === 'number' ? position : START;
  }

  private wakeSubscribers(): void {
    for (const { wake } of this.subscribers) wake();
  }

  private stopPolling(): void {
    clearTimeout(this.pollTimer);
    this.recent.clear();
  }

  private schedulePoll(): void {
    if (this.closing !== undefined || this.subscribers.size === 0) return;
    this.pollTimer = setTimeout(this.poll, POLL_MS).unref();
  }

  private readonly poll = (): void => {
    this.look();
    if (performance.now() - this.positionReportMs >= POSITION_REPORT_MS) {
      this.positionReportMs = performance.now();
      this.reportPositions();
    }
    this.schedulePoll();
  };

  private reader(streamPrefixes: readonly string[] | undefined): SliceReader {
    const reader = this.reads.reader(streamPrefixes);
    return this.archived === undefined ? reader : mergedReader(reader, this.archived.reader(streamPrefixes));
  }
}

const settle = ({ stream, expectedRevision, resolve, reject }: Pending, answer: WriterAnswer): void => {
  switch (answer.kind) {
    case 'appended':
    case 'repeated':
      resolve({ revision: answer.revision, position: answer.position });
      return;
    case 'conflict':
      reject(new RevisionConflict(stream, expectedRevision, answer.actualRevision));
      return;
    case 'unfit':
      reject(new TransferRefused(answer.stream, answer.revision, answer.fault));
      return;
    case 'refused':
      reject(new LedgerUnavailable(stream, answer.reason));
      return;
    case 'unknown':
      reject(new OutcomeUnknown(stream, new Error(answer.reason)));
  }
};

const recordedEvents = (
  stream: string,
  expectedRevision: number,
  events: readonly SerializedEvent[],
  { position, hashes }: AppendedAnswer,
): readonly RecordedEvent[] =>
  events.map(({ id, type, data, metadata }, index) => ({
    position: position - events.length + 1 + index,
    stream,
    revision: expectedRevision + 1 + index,
    id,
    type,
    data,
    metadata,
    hash: hashes[index] ?? '',
  }));

/** Without whatever else the object has. */
const recordedMembers = (event: TransferredEvent): Omit<RecordedEvent, 'position'> => {
  const { stream, revision, id, type, data, metadata, hash } = event;
  return { stream, revision, id, type, data, metadata, hash };
};
