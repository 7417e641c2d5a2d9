import { setTimeout as delay } from 'node:timers/promises';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { type EventStoreDbConnection, SEARCH_DEADLINE_MS } from './eventstoredb-connection.js';
import { isPermanent } from './eventstoredb-errors.js';
import { type ReadMessage, ReceivedEvent, recordsOf } from './eventstoredb-message.js';
import { readAllRequest, subscribeRequest } from './eventstoredb-request.js';
import { type Batch, type Ledger, type Position, START } from './ledger.js';
import { includes, prefixMatcher, union, type Wanted } from './stream-filter.js';
import { Waiter } from './waiter.js';

/** Events kept for subscribers that are at the head. */
const EVENTS_MAX = 2048;
const BYTES_MAX = 4 * 1024 * 1024;

/** Events handed over at once. */
const BATCH_EVENTS = 512;

/** Delay before a dropped subscription is resumed; it grows while the server is away. */
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 5_000;

const READ_RETRY_MS = 500;

/**
 * What somebody waits for has come when nothing has come for this time. Otherwise it is in a stream that the server leaves out, and a
 * reading finds out that nothing wanted is missing.
 */
const LOOK_MS = 10;

/** A subscription that brings nothing for so long is compared with the head of the ledger. */
const SILENCE_MS = 3_000;

/** Where a follower begins and what it wants: {@link Ledger.subscribe}. */
interface Following {
  readonly after: Position;
  readonly streamPrefixes?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * The one subscription of this process to the ledger, shared by all that follow it: each event is received and decoded
 * once. The server leaves out streams that nobody here wants. Those that are behind what is kept read the ledger until they
 * have caught up.
 */
export class SharedSubscription {
  private readonly followers = new Set<Waiter>();
  private readonly pause = new Waiter();
  private running: AbortController | undefined;
  private wanted: Wanted = [];
  /** The events received behind `keptAfter`, in order. */
  private events: ReceivedEvent[] = [];
  private bytes = 0;
  private keptAfter: Position = START;
  /** Everything wanted up to here has been received. */
  private upTo: Position = START;
  private heardMs = 0;
  /** Events that the subscription brought, not those that were read instead. */
  private broughtCount = 0;
  /** What somebody waits for, although it may be in a stream that nobody here wants. */
  private awaited: Position = START;
  private looking: Promise<unknown> | undefined;
  private open: AbortController | undefined;
  private fault: Error | undefined;

  constructor(
    private readonly connection: EventStoreDbConnection,
    private readonly ledger: Pick<Ledger, 'head' | 'readAll'>,
  ) {}

  /** Catches up, then follows, until the signal. */
  async *follow({ after, streamPrefixes, signal }: Following): AsyncGenerator<Batch, void, void> {
    const matches = prefixMatcher(streamPrefixes);
    const waiter = new Waiter();
    this.followers.add(waiter);
    signal.addEventListener('abort', waiter.wake);
    try {
      for (let cursor = after; !isAborted(signal);) {
        if (this.fault !== undefined) throw this.fault;
        this.start(cursor, streamPrefixes);
        const received = this.behind(cursor);
        if (received === undefined) {
          for await (const batch of this.readBehind(cursor, streamPrefixes, signal)) {
            cursor = batch.upTo;
            yield batch;
          }
          continue;
        }
        const last = received.at(-1);
        const reached = received.length < BATCH_EVENTS ? Math.max(cursor, this.upTo) : (last?.position ?? cursor);
        if (reached === cursor) {
          await waiter.wait();
          continue;
        }
        cursor = reached;
        yield { events: recordsOf(received, matches), upTo: cursor };
      }
    } finally {
      signal.removeEventListener('abort', waiter.wake);
      this.followers.delete(waiter);
      if (this.followers.size === 0) this.stop();
    }
  }

  /** Reads the ledger to its head; ends sooner, after a pause, when the server is away. */
  private async *readBehind(
    after: Position,
    streamPrefixes: readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, void, void> {
    try {
      for await (const batch of this.ledger.readAll({ after, ...(streamPrefixes && { streamPrefixes }) })) {
        if (isAborted(signal)) return;
        yield batch;
      }
    } catch (error) {
      if (isPermanent(error)) throw error;
      await delay(READ_RETRY_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Resumes a dropped subscription at once, and sees to it that followers get to `awaited`, where the event may be one
   * that the server leaves out.
   */
  reach(awaited: Position): void {
    this.pause.wake();
    if (this.running === undefined || awaited <= this.upTo) return;
    this.awaited = Math.max(this.awaited, awaited);
    this.looking ??= this.lookSoon().finally(() => {
      this.looking = undefined;
    });
  }

  /** Ends the subscription of the server that is open and opens another. */
  reconnect(): void {
    this.open?.abort();
    this.pause.wake();
  }

  /** Looks ahead when what is awaited has not come, and nothing else either for a while. Never rejects. */
  private async lookSoon(): Promise<void> {
    let quietSinceMs = performance.now();
    while (this.awaited > this.upTo && this.running !== undefined) {
      const quietMs = performance.now() - quietSinceMs;
      if (quietMs < LOOK_MS) {
        await delay(LOOK_MS - quietMs);
        // What came while this process was busy is taken first.
        await nextLoopTurn();
        quietSinceMs = Math.max(quietSinceMs, this.heardMs);
        continue;
      }
      const { awaited } = this;
      await this.lookAhead().catch(() => undefined);
      // What the head does not show then is nowhere, or the server is away.
      if (this.awaited === awaited) return;
    }
  }

  /** Reads to the head, and resolves with the number of events that the subscription had not brought. */
  private async lookAhead(): Promise<number> {
    const { wanted, running } = this;
    const head = await this.ledger.head();
    if (head <= this.upTo) return 0;
    let found = 0;
    const request = readAllRequest(this.upTo === START ? 'start' : this.upTo, true, wanted);
    for await (const messages of this.connection.read(request, { idleMs: SEARCH_DEADLINE_MS })) {
      if (this.wanted !== wanted || this.running !== running) return found;
      found += this.take(messages);
    }
    if (this.wanted !== wanted || this.running !== running || head <= this.upTo) return found;
    this.upTo = head;
    this.wakeFollowers();
    return found;
  }

  private behind(cursor: Position): readonly ReceivedEvent[] | undefined {
    if (cursor < this.keptAfter) return undefined;
    const last = this.events.at(-1);
    if (last === undefined || last.position <= cursor) return [];
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? START) <= cursor) low = middle + 1;
      else high = middle;
    }
    return this.events.slice(low, low + BATCH_EVENTS);
  }

  private start(after: Position, streamPrefixes: Wanted): void {
    if (this.running === undefined) {
      this.running = new AbortController();
      this.wanted = streamPrefixes;
      this.upTo = after;
      this.keepFrom(after);
      void this.receive(this.running.signal);
    } else if (!includes(this.wanted, streamPrefixes)) {
      // What was received does not have the new follower's events.
      this.wanted = union(this.wanted, streamPrefixes);
      this.keepFrom(this.upTo);
      this.reconnect();
    }
  }

  private keepFrom(after: Position): void {
    this.events = [];
    this.bytes = 0;
    this.keptAfter = after;
  }

  private stop(): void {
    this.running?.abort();
    this.running = undefined;
    this.fault = undefined;
    this.awaited = START;
    this.pause.wake();
  }

  /** Never rejects. */
  private async receive(signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.connection.closed]);
    let reconnectMs = RECONNECT_MS_MIN;
    while (!isAborted(ended)) {
      const { wanted, broughtCount } = this;
      try {
        await this.receiveOnce(ended);
      } catch (error) {
        if (isPermanent(error)) {
          this.fault = error;
          this.wakeFollowers();
          return;
        }
      }
      if (isAborted(ended)) return;
      if (this.broughtCount > broughtCount) reconnectMs = RECONNECT_MS_MIN;
      // The server ends a subscription when some 60 events come at once (before 24.2: "Consumer too slow").
      if (this.wanted !== wanted || this.broughtCount > broughtCount) continue;
      await delay(RECONNECT_MS_MIN / 2, undefined, { signal: ended }).catch(() => undefined);
      await this.pause.wait(reconnectMs * Math.random());
      reconnectMs = Math.min(RECONNECT_MS_MAX, reconnectMs * 2);
    }
  }

  /** One subscription until it ends, drops, or is found to have missed something. */
  private async receiveOnce(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    this.open = over;
    this.heardMs = performance.now();
    const checking = setInterval(() => void this.check(over), SILENCE_MS).unref();
    const request = subscribeRequest(this.upTo, this.wanted);
    try {
      const ended = AbortSignal.any([signal, over.signal]);
      for await (const messages of this.connection.read(request, { idleMs: Infinity, signal: ended })) {
        // What was wanted may have changed since this was asked for.
        if (isAborted(ended)) return;
        this.heardMs = performance.now();
        this.broughtCount += this.take(messages);
      }
    } finally {
      clearInterval(checking);
    }
  }

  /** Opens the subscription anew if it has been silent for long although there is something that it should have brought. */
  private async check(over: AbortController): Promise<void> {
    const { heardMs } = this;
    if (performance.now() - heardMs < SILENCE_MS) return;
    const found = await this.lookAhead().catch(() => 0);
    if (found > 0 && this.heardMs === heardMs) over.abort();
  }

  /** Takes what is new, and returns how many events that are. */
  private take(messages: readonly ReadMessage[]): number {
    const fresh = messages.filter((message) => isNew(message, this.upTo));
    const last = fresh.at(-1);
    if (last === undefined) return 0;
    this.upTo = last.position;
    this.keep(fresh);
    return fresh.length;
  }

  private keep(fresh: readonly ReceivedEvent[]): void {
    for (const event of fresh) {
      this.events.push(event);
      this.bytes += event.size;
    }
    // Halved at once rather than one by one: shifting an array costs its length.
    while (this.events.length > EVENTS_MAX || (this.bytes > BYTES_MAX && this.events.length > 1)) {
      const dropped = Math.ceil(this.events.length / 2);
      this.keptAfter = this.events[dropped - 1]?.position ?? this.keptAfter;
      this.events = this.events.slice(dropped);
      this.bytes = this.events.reduce((sum, { size }) => sum + size, 0);
    }
    this.wakeFollowers();
  }

  private wakeFollowers(): void {
    for (const follower of this.followers) follower.wake();
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

const isNew = (message: ReadMessage, after: Position): message is ReceivedEvent =>
  message instanceof ReceivedEvent && message.position > after && !message.isSystem;
