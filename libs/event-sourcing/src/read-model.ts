import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '#platform/logging.js';
import { WalCheckpoints } from '#platform/wal-checkpoints.js';
import type { Batch, Ledger, Position, RecordedEvent } from '#ledger/ledger.js';
import { Dispatcher } from './dispatcher.js';
import { isCorruptFile } from './sqlite-errors.js';
import { Lock } from './lock.js';
import { type ModelContent, ModelFile, type ModelFileOptions } from './model-file.js';
import { OwnerLock } from './owner-lock.js';
import { PositionWaiters } from './position-waiters.js';
import type { AppliedEvent, ColumnNames, Projection } from './projection.js';
import { EventRefused, Replay } from './replay.js';
import { Slices } from './slices.js';
import { Snapshots } from './snapshots.js';
import type { Lifts } from './upcast.js';

const CACHE_KIB_DEFAULT = 12 * 1024;

/** Events per transaction while rebuilding. */
const REBUILD_TRANSACTION_EVENTS = 50_000;

/** Events read at a time when one stream is caught up. */
const STREAM_PAGE_EVENTS = 1000;

/** After this time a checkpoint that no transaction has written is written by itself. */
const CHECKPOINT_SAVE_MS = 5000;

/**
 * Events of other services are collected for so long and applied in one transaction, unless somebody waits for them: a
 * transaction for each change would cost more than the change itself.
 */
const FOLLOW_DELAY_MS_DEFAULT = 25;

/** A batch with so many events is worth a transaction of its own. */
const FOLLOW_AT_ONCE_EVENTS = 256;

const RETRY_MS_FIRST = 50;
const RETRY_MS_MAX = 5000;

/** For tests and tools, which give no log. */
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface ReadModelOptions {
  readonly file: string;
  readonly ledger: Ledger;
  readonly projections: readonly Projection[];
  readonly lifts?: Lifts;
  readonly log?: Log;
  /** Page cache of the writing connection. */
  readonly cacheKib?: number;
  /** How long it lags behind at most when nobody waits for it. */
  readonly followDelayMs?: number;
  /** A file of the same shape: a new file gives the same numbers, see `Projection.numbered`. */
  readonly numbersOf?: string | undefined;
}

/**
 * A service's tables and their follower: applies what the ledger holds, in order, together with the checkpoint. The
 * service's own mailbox applies its events first; the follower then skips them. Disposable: without the file, or when it
 * does not fit to projections or ledger, everything is made again from the ledger.
 */
export class ReadModel {
  /** Whether there was no file at first, or none that fits. */
  readonly isNew: boolean;
  private readonly lock = new Lock();
  private readonly stopped = new AbortController();
  private readonly replay: Replay;
  private readonly checkpoints: WalCheckpoints;
  /** Committed states for answers of several pages. */
  readonly snapshots: Snapshots;
  private readonly firstCatchUp = Promise.withResolvers<void>();
  private readonly waiters = new PositionWaiters();
  private following: Promise<void> | undefined;
  private saving: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;
  private isReplacing = false;

  private constructor(
    private readonly owner: OwnerLock,
    private readonly file: ModelFile,
    private readonly dispatcher: Dispatcher,
    private readonly ledger: Ledger,
    private readonly log: Log,
    /** Of the numbers in its tables. */
    readonly names: ColumnNames,
    private readonly followDelayMs: number,
  ) {
    this.isNew = file.incomplete;
    this.replay = new Replay(file, dispatcher, ledger);
    this.checkpoints = new WalCheckpoints(
      owner.file,
      (work) => this.lock.run(work),
      (error) => this.checkpointHere(error),
      () => this.snapshots.endOldest(),
    );
    this.snapshots = new Snapshots({ file: owner.file, position: () => this.checkpoint, log });
    // Callers of caughtUp get the rejection; when there are none it must not end the process.
    this.firstCatchUp.promise.catch(() => {});
  }

  static async open(options: ReadModelOptions): Promise<ReadModel> {
    const { file, ledger, projections, lifts = {}, log = SILENT, cacheKib = CACHE_KIB_DEFAULT } = options;
    const { numbersOf, followDelayMs = FOLLOW_DELAY_MS_DEFAULT } = options;
    const fileOptions: ModelFileOptions = { file, projections, cacheKib, isThrownAway: ledger.isOver, numbersOf };
    const owner = OwnerLock.take(file);
    try {
      let model = ModelFile.open(fileOptions);
      if (!(await isOf(ledger, model.content()))) {
        model.close();
        model = ModelFile.create(fileOptions);
      }
      if (model.incomplete) log.info({ file }, 'Read model is rebuilt from the ledger');
      const names = Object.assign({}, ...projections.map((each) => each.names)) as ColumnNames;
      const dispatcher = new Dispatcher(projections, model.writer, lifts);
      return new ReadModel(owner, model, dispatcher, ledger, log, names, followDelayMs);
    } catch (error) {
      owner.release();
      throw error;
    }
  }

  /** Path of its file. */
  get path(): string {
    return this.owner.file;
  }

  /** Read-only, shows what is committed. */
  get queries(): DatabaseSync {
    return this.file.queries;
  }

  /** Grows whenever `queries` begins to show something else. */
  get commits(): number {
    return this.file.commits;
  }

  /** Shows the effects of the open transaction: for deciders only. */
  get writer(): DatabaseSync {
    return this.file.writer;
  }

  /** Everything up to here is shown by `queries`. */
  get checkpoint(): Position {
    return this.file.shownCheckpoint;
  }

  /** Whether events are being applied that stood in the ledger before the start. */
  get behind(): boolean {
    return this.isBehind;
  }
  private isBehind = true;

  /** Begins to follow the ledger. */
  start(): void {
    this.following ??= this.follow();
  }

  /** Resolves when everything is applied that stood in the ledger at the start. */
  caughtUp(): Promise<void> {
    return this.firstCatchUp.promise;
  }

  /** Resolves with true as soon as `queries` shows everything up to `position`, with false after the timeout. */
  waitForPosition(position: Position, timeoutMs: number): Promise<boolean> {
    if (position <= this.checkpoint) return Promise.resolve(true);
    if (this.isStopping()) return Promise.resolve(false);
    const reached = this.waiters.wait(position, timeoutMs);
    this.ledger.pollNow(position);
    return reached;
  }

  /** Resolves when `queries` shows everything that the ledger holds now, with false after the timeout. */
  async waitForHead(timeoutMs: number): Promise<boolean> {
    return this.waitForPosition(await this.ledger.head(), timeoutMs);
  }

  /** Number of the last event of a stream that the tables hold, as the open transaction sees it; -1 when none. */
  revisionOf(stream: string): number {
    return this.file.revisionOf(stream);
  }

  /**
   * Puts a whole file that was rebuilt of the same ledger, with the numbers of this one, in the place of the content of this one. Meanwhile `queries`
   * and new snapshots show the old content; changes wait. What the ledger holds beyond the rebuilt file is applied before anybody sees it.
   *
   * @throws Error when it is no such file; then nothing has changed
   */
  async replaceBy(rebuilt: string): Promise<void> {
    await this.caughtUp();
    await this.lock.run(() => this.takeOver(rebuilt));
    // Without a wait for the disk that takes a few milliseconds.
    if (this.ledger.isOver) await this.lock.run(() => this.file.emptyLog());
    else await this.checkpoints.run();
  }

  /** Stops following, finishes what is under way and closes the file. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  // What follows is for the mailbox, which shares the writing connection with the follower.

  /** Runs work on the writing connection while nobody else does. */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.lock.run(work);
  }

  /** Whether the stream ends with parts of a staged batch that nobody has sealed. */
  endsUnsealed(stream: string): boolean {
    return this.file.endsUnsealed(stream);
  }

  schemaVersionOf(type: string): number {
    return this.dispatcher.schemaVersionOf(type);
  }

  begin(): void {
    this.file.begin();
  }

  /** Applies an event that the service itself has decided and that will get this revision, inside the transaction. */
  apply(event: AppliedEvent): Generator<void, void, void> | undefined {
    this.file.setRevision(event.stream, event.revision, event.id);
    return this.dispatcher.apply(event);
  }

  /** Sets the revision of a stream past events that have no effect of their own, such as the seal of a batch. */
  skipTo(stream: string, revision: number, id: string): void {
    this.file.setRevision(stream, revision, id);
  }

  /** Where the ledger has put the last of the events of a stream that this transaction holds. */
  appended(stream: string, position: Position): void {
    this.file.setPosition(stream, position);
  }

  /** Writes what projections keep for the end of the transaction. The owner of a stream calls it before the append, which nothing can undo. */
  flush(): void {
    this.dispatcher.flush();
  }

  /** Ends the transaction. {@link flush} has come before if events were applied. */
  commit(upTo?: Position): void {
    this.file.commit(upTo);
    if (!this.file.incomplete) this.checkpoints.committed();
  }

  rollback(): void {
    this.file.rollback();
    this.dispatcher.forget();
  }

  /** Applies what the ledger holds of a stream and the tables do not. Call inside {@link exclusive}, without a transaction. */
  async catchUpStream(stream: string): Promise<void> {
    for (;;) {
      const from = this.revisionOf(stream) + 1;
      const events = await this.ledger.readStream(stream, { from, limit: STREAM_PAGE_EVENTS });
      if (events.length > 0) await this.transact(events);
      if (events.length < STREAM_PAGE_EVENTS) return;
    }
  }

  private isStopping(): boolean {
    return this.stopped.signal.aborted;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped;
    let retryMs = RETRY_MS_FIRST;
    while (!this.isStopping()) {
      try {
        if (this.isBehind) {
          await this.lock.run(() => this.catchUp());
          retryMs = RETRY_MS_FIRST;
        }
        const { streamPrefixes } = this.dispatcher;
        for await (const batch of this.ledger.subscribe({ after: this.checkpoint, streamPrefixes, signal })) {
          if (batch.events.length < FOLLOW_AT_ONCE_EVENTS) await this.waiters.whenAwaited(this.followDelayMs);
          await this.absorb(batch);
          retryMs = RETRY_MS_FIRST;
        }
        // A ledger that is closed ends its subscriptions at once, each time.
        await delay(retryMs, undefined, { signal }).catch(() => {});
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      } catch (error) {
        if (this.isStopping()) return;
        if (error instanceof EventRefused) {
          this.skip(error);
          continue;
        }
        if (isCorruptFile(error)) {
          this.giveUp(error);
          return;
        }
        this.log.error({ error, retryMs }, 'Read model cannot follow the ledger, will try again');
        await delay(retryMs, undefined, { signal }).catch(() => {});
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  /** Applies everything that the ledger holds, in large transactions. Nobody else needs the connection meanwhile. */
  private async catchUp(): Promise<void> {
    const slices = new Slices();
    const { streamPrefixes } = this.dispatcher;
    let pending = 0;
    let upTo = this.file.checkpoint;
    try {
      for await (const batch of this.ledger.readAll({ after: upTo, streamPrefixes })) {
        if (this.isStopping()) break;
        if (!this.file.transactionOpen) this.file.begin();
        await this.replay.apply(batch.events, slices);
        pending += batch.events.length;
        upTo = batch.upTo;
        if (pending >= REBUILD_TRANSACTION_EVENTS) {
          this.commitReplayed(upTo);
          pending = 0;
          await slices.pause();
        }
      }
      if (this.file.transactionOpen) this.commitReplayed(upTo);
    } catch (error) {
      this.rollback();
      throw error;
    }
    if (this.isStopping()) return;
    if (this.file.incomplete) this.file.complete();
    this.isBehind = false;
    this.waiters.advance(this.checkpoint);
    this.firstCatchUp.resolve();
  }

  private async takeOver(rebuilt: string): Promise<void> {
    if (this.isStopping()) throw new Error('the service is stopping');
    // Nobody asks what shows the past while it goes to another moment.
    const unpinSnapshots = this.ledger.isOver ? () => this.snapshots.renew() : await this.snapshots.pin();
    const unpin = this.file.pin();
    this.isReplacing = true;
    try {
      await this.file.replaceBy(rebuilt, (content) => isOf(this.ledger, content));
      this.dispatcher.forget();
      await this.catchUpAgain();
    } finally {
      this.isReplacing = false;
      unpinSnapshots();
      unpin();
      this.waiters.advance(this.checkpoint);
    }
  }

  /** The tables may have gone back: nothing else is done before they are here again. */
  private async catchUpAgain(): Promise<void> {
    while (!this.isStopping()) {
      try {
        await this.catchUp();
        return;
      } catch (error) {
        if (error instanceof EventRefused) {
          this.skip(error);
          continue;
        }
        if (isCorruptFile(error)) {
          this.giveUp(error);
          throw error;
        }
        this.log.error({ error }, 'A read model that was put in place cannot follow the ledger, will try again');
        await delay(RETRY_MS_MAX, undefined, { signal: this.stopped.signal }).catch(() => {});
      }
    }
  }

  private async absorb({ events, upTo }: Batch): Promise<void> {
    if (events.some((event) => event.revision > (this.file.knownRevisionOf(event.stream) ?? -1))) {
      await this.lock.run(async () => {
        const fresh = events.filter((event) => event.revision > this.revisionOf(event.stream));
        if (fresh.length > 0) await this.transact(fresh, upTo);
      });
    }
    // Tables that have gone back are brought here by whoever replaces them.
    if (this.isReplacing) return;
    this.file.advance(upTo);
    if (this.file.checkpointUnsaved) this.saveCheckpointSoon();
    this.waiters.advance(this.checkpoint);
  }

  private async transact(events: readonly RecordedEvent[], upTo?: Position): Promise<void> {
    this.file.begin();
    try {
      await this.replay.apply(events, new Slices());
      this.commitReplayed(upTo);
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  private commitReplayed(upTo?: Position): void {
    this.replay.flush();
    this.commit(upTo);
  }

  private skip(refused: EventRefused): void {
    const { stream, revision, message, cause } = refused;
    this.replay.skip(refused);
    this.log.error({ error: cause, stream, revision }, `${message}; the event is skipped`);
  }

  private giveUp(error: unknown): void {
    this.file.markUnusable();
    this.log.error({ error }, 'Read model file is corrupt and will be rebuilt at the next start');
    this.firstCatchUp.reject(error);
  }

  private saveCheckpointSoon(): void {
    this.saving ??= setTimeout(() => {
      this.saving = undefined;
      void this.lock.run(() => {
        if (!this.isStopping()) this.saveCheckpoint();
      });
    }, CHECKPOINT_SAVE_MS).unref();
  }

  private saveCheckpoint(): void {
    if (!this.file.checkpointUnsaved) return;
    try {
      this.file.begin();
      this.commit(this.checkpoint);
    } catch (error) {
      // It only saves reading again what has been applied.
      this.file.rollback();
      this.log.warn({ error }, 'The checkpoint of a read model could not be saved');
    }
  }

  private checkpointHere(error: unknown): void {
    this.log.warn({ error }, 'The checkpoint thread failed; checkpoints may now delay answers');
    this.file.checkpointItself();
  }

  private async shutDown(): Promise<void> {
    this.stopped.abort();
    this.waiters.close();
    await this.following;
    clearTimeout(this.saving);
    this.firstCatchUp.reject(new Error('The read model was closed'));
    await this.lock.run(() => this.saveCheckpoint());
    this.snapshots.close();
    await this.checkpoints.close();
    await this.lock.run(() => this.file.close());
    this.owner.release();
  }
}

/** Whether a file was made from this ledger: the ledger has its last event, and nothing is ahead of the head. */
const isOf = async (ledger: Ledger, { checkpoint, last }: ModelContent): Promise<boolean> => {
  if (checkpoint > (await ledger.head())) return false;
  if (last === undefined) return true;
  const [event] = await ledger.readStream(last.stream, { from: last.revision, limit: 1 });
  return event?.id === last.id;
};
