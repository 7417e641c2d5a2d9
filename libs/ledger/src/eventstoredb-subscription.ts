import { setTimeout as delay } from 'node:timers/promises';
import type { EventStoreDbConnection } from './eventstoredb-connection.js';
import { isPermanent } from './eventstoredb-errors.js';
import { type ReadMessage, ReceivedEvent } from './eventstoredb-message.js';
import { subscribeRequest } from './eventstoredb-request.js';
import { type Batch, type Ledger, type Position, type RecordedEvent, START } from './ledger.js';
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

/** A subscription that brings nothing for so long is compared with the head of the ledger. */
const SILENCE_MS = 3_000;

/**
 * The one subscription of this process to the ledger, shared by all that follow it: each event is received and decoded
 * once. Those that are behind what is kept read the ledger until they have caught up.
 */
export class SharedSubscription {
  private readonly followers = new Set<Waiter>();
  private readonly pause = new Waiter();
  private running: AbortController | undefined;
  /** The events received behind `keptAfter`, in order. */
  private events: ReceivedEvent[] = [];
  private bytes = 0;
  private keptAfter: Position = START;
  private open: AbortController | undefined;
  private fault: Error | undefined;

  constructor(
    private readonly connection: EventStoreDbConnection,
    private readonly ledger: Pick<Ledger, 'head' | 'readAll'>,
  ) {}

  /** Catches up from `after`, then follows, until the signal. */
  async *follow(
    after: Position,
    matches: (stream: string) => boolean,
    streamPrefixes: readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, void, void> {
    const waiter = new Waiter();
    this.followers.add(waiter);
    signal.addEventListener('abort', waiter.wake);
    try {
      for (let cursor = after; !isAborted(signal);) {
        if (this.fault !== undefined) throw this.fault;
        this.start(cursor);
        const received = this.behind(cursor);
        const last = received?.at(-1);
        if (received === undefined) {
          for await (const batch of this.readBehind(cursor, streamPrefixes, signal)) {
            cursor = batch.upTo;
            yield batch;
          }
        } else if (last === undefined) {
          await waiter.wait();
        } else {
          cursor = last.position;
          yield { events: recordsOf(received, matches), upTo: cursor };
        }
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

  /** Resumes a dropped subscription at once. */
  resumeNow(): void {
    this.pause.wake();
  }

  /** Ends the subscription of the server that is open and opens another. */
  reconnect(): void {
    this.open?.abort();
    this.resumeNow();
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

  private start(after: Position): void {
    if (this.running !== undefined) return;
    this.running = new AbortController();
    this.events = [];
    this.bytes = 0;
    this.keptAfter = after;
    void this.receive(after, this.running.signal);
  }

  private stop(): void {
    this.running?.abort();
    this.running = undefined;
    this.fault = undefined;
    this.pause.wake();
  }

  /** Never rejects. */
  private async receive(after: Position, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.connection.closed]);
    let upTo = after;
    let reconnectMs = RECONNECT_MS_MIN;
    while (!isAborted(ended)) {
      try {
        for await (const position of this.receiveOnce(upTo, ended)) {
          upTo = position;
          reconnectMs = RECONNECT_MS_MIN;
        }
      } catch (error) {
        if (isPermanent(error)) {
          this.fault = error;
          this.wakeFollowers();
          return;
        }
      }
      if (isAborted(ended)) return;
      await delay(RECONNECT_MS_MIN / 2, undefined, { signal: ended }).catch(() => undefined);
      await this.pause.wait(reconnectMs * Math.random());
      reconnectMs = Math.min(RECONNECT_MS_MAX, reconnectMs * 2);
    }
  }

  /** One subscription until it ends, drops, or is found to have missed something. Yields the positions that it has reached. */
  private async *receiveOnce(after: Position, signal: AbortSignal): AsyncGenerator<Position, void, void> {
    const missed = new AbortController();
    this.open = missed;
    const progress = { heardMs: performance.now(), upTo: after };
    const check = (): void => void this.hasMissed(progress).then((has) => has && missed.abort());
    const checking = setInterval(check, SILENCE_MS).unref();
    const ended = AbortSignal.any([signal, missed.signal]);
    try {
      for await (const batch of this.connection.read(subscribeRequest(after), { idleMs: Infinity, signal: ended })) {
        progress.heardMs = performance.now();
        const fresh = batch.filter((message) => isNew(message, progress.upTo));
        const last = fresh.at(-1);
        if (last === undefined) continue;
        progress.upTo = last.position;
        this.keep(fresh);
        yield last.position;
      }
    } finally {
      clearInterval(checking);
    }
  }

  /** Whether a subscription has been silent for long although the ledger has gone on. Never rejects. */
  private async hasMissed(progress: { readonly heardMs: number; readonly upTo: Position }): Promise<boolean> {
    const { heardMs } = progress;
    if (performance.now() - heardMs < SILENCE_MS) return false;
    const head = await this.ledger.head().catch(() => START);
    return progress.heardMs === heardMs && head > progress.upTo;
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

const recordsOf = (
  received: readonly ReceivedEvent[],
  matches: (stream: string) => boolean,
): readonly RecordedEvent[] => {
  const records: RecordedEvent[] = [];
  for (const event of received) {
    const record = matches(event.stream) ? event.record() : undefined;
    if (record !== undefined) records.push(record);
  }
  return records;
};
