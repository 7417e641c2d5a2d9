import { setTimeout as delay } from 'node:timers/promises';
import { LedgerUnavailable, OutcomeUnknown, RevisionConflict, TransferRefused } from './errors.js';
import { CALL_DEADLINE_MS, EventStoreDbConnection, SEARCH_DEADLINE_MS } from './eventstoredb-connection.js';
import { appendError, isNoPosition } from './eventstoredb-errors.js';
import { chained, type ChainedEvent, ReceivedEvent, recordsOf, withHash } from './eventstoredb-message.js';
import { readAllRequest, readStreamRequest } from './eventstoredb-request.js';
import { SharedSubscription } from './eventstoredb-subscription.js';
import { GatheredReading, type ReceivedBatch } from './gathered-reading.js';
import { faultBehind, GENESIS } from './hash-chain.js';
import {
  APPEND_BYTES_MAX,
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
import { bytesInAppend, serializeAll } from './serialized-event.js';
import { prefixMatcher, type Wanted } from './stream-filter.js';
import { Waiter } from './waiter.js';

/** Heads of streams kept in memory, so that an append need not read what it is chained to. */
const HEADS_MAX = 50_000;

/** Events handed over at once when all are read, and their bytes: those who share a reading may have several batches in front of them. */
const BATCH_EVENTS = 512;
const BATCH_BYTES = 4 * 1024 * 1024;

/** An append that is not answered for so long is looked for in its stream; the pause doubles each time. */
const LOOK_MS_FIRST = 250;

/** How long closing waits for appends that are under way. */
const CLOSE_MS = 2_000;

interface Head {
  readonly revision: number;
  readonly hash: string;
}

/** What a stream holds where events were to be appended. */
type Standing =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'other events' }
  | { readonly kind: 'appended'; readonly last: RecordedEvent };

/**
 * The ledger in an EventStoreDB (or KurrentDB) server. The texts that are hashed are the texts stored; the hash is the last
 * field of the metadata. See `docs/adr/0003-eventstoredb-ledger.md`.
 */
export class EventStoreDbLedger extends Ledger {
  /** Opens lazily: the first call connects. */
  static open(connectionString: string): EventStoreDbLedger {
    return new EventStoreDbLedger(EventStoreDbConnection.open(connectionString));
  }

  private readonly heads = new Map<string, Head>();
  private readonly subscription: SharedSubscription;
  private readonly fromStart = new GatheredReading((wanted) => this.receiveAll(START, wanted));
  private readonly appending = new Set<Promise<unknown>>();
  /** Streams whose last append may stand although nobody has said so. */
  private readonly uncertain = new Set<string>();
  /** Appends of up to so many events the server was seen to answer with the position of the last one; -1 when it was seen not to. */
  private trustedEvents = 0;

  private constructor(private readonly connection: EventStoreDbConnection) {
    super();
    this.subscription = new SharedSubscription(connection, this);
  }

  override append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    return this.awaitedByClose(this.appendEvents(stream, expectedRevision, events));
  }

  override appendRecorded(events: readonly TransferredEvent[]): Promise<Position> {
    return this.awaitedByClose(this.appendInOrder(events));
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const { direction = 'forwards', from, limit = Number.MAX_SAFE_INTEGER } = options;
    if (limit <= 0 || (from !== undefined && from < 0)) return [];
    const forwards = direction === 'forwards';
    const start = from === undefined ? (forwards ? 'start' : 'end') : Math.min(from, Number.MAX_SAFE_INTEGER);
    const events: RecordedEvent[] = [];
    const request = readStreamRequest(stream, start, forwards, limit);
    for await (const messages of this.connection.read(request, { idleMs: CALL_DEADLINE_MS })) {
      for (const message of messages) {
        const event = message instanceof ReceivedEvent ? message.record() : undefined;
        if (event !== undefined) events.push(event);
      }
    }
    return events;
  }

  override async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    const request = readAllRequest(position, true, undefined, 1);
    try {
      for await (const messages of this.connection.read(request, { idleMs: CALL_DEADLINE_MS })) {
        for (const message of messages) {
          if (message instanceof ReceivedEvent && message.position === position) return message.record();
        }
      }
    } catch (error) {
      if (!isNoPosition(error)) throw error;
    }
    return undefined;
  }

  override async *readAll({ after = START, streamPrefixes }: ReadAllOptions = {}): AsyncIterable<Batch> {
    const matches = prefixMatcher(streamPrefixes);
    const isShared = after === START && streamPrefixes !== undefined;
    const reading = isShared ? this.fromStart.read(streamPrefixes) : this.receiveAll(after, streamPrefixes);
    for await (const { received, upTo } of reading) yield { events: recordsOf(received, matches), upTo };
  }

  override subscribe({ after = START, streamPrefixes, signal }: SubscribeOptions = {}): AsyncIterable<Batch> {
    const { closed } = this.connection;
    const ended = signal === undefined ? closed : AbortSignal.any([closed, signal]);
    return this.subscription.follow({ after, ...(streamPrefixes && { streamPrefixes }), signal: ended });
  }

  override async head(): Promise<Position> {
    for await (const messages of this.connection.read(readAllRequest('end', false), { idleMs: CALL_DEADLINE_MS })) {
      for (const message of messages) {
        if (message instanceof ReceivedEvent && !message.isSystem) return message.position;
      }
    }
    return START;
  }

  override pollNow(awaited: Position): void {
    this.subscription.reach(awaited);
  }

  override reconnect(): void {
    this.subscription.reconnect();
  }

  override async close(): Promise<void> {
    if (this.connection.closed.aborted) return;
    const answered = Promise.allSettled(this.appending);
    if (this.appending.size > 0) await Promise.race([answered, delay(CLOSE_MS, undefined, { ref: false })]);
    this.connection.close();
  }

  private async *receiveAll(after: Position, wanted: Wanted): AsyncGenerator<ReceivedBatch, void, void> {
    // What the server leaves out does not show how far it has got; that is this far at least.
    const head = wanted === undefined ? START : await this.head();
    const request = readAllRequest(after === START ? 'start' : after, true, wanted);
    let received: ReceivedEvent[] = [];
    let bytes = 0;
    let upTo = after;
    const idleMs = wanted === undefined ? CALL_DEADLINE_MS : SEARCH_DEADLINE_MS;
    for await (const messages of this.connection.read(request, { idleMs })) {
      for (const message of messages) {
        // A reading begins with the event at the position, not with the one behind it.
        if (!(message instanceof ReceivedEvent) || message.isSystem || message.position <= after) continue;
        upTo = message.position;
        received.push(message);
        bytes += message.size;
      }
      if (received.length < BATCH_EVENTS && bytes < BATCH_BYTES) continue;
      yield { received, upTo };
      [received, bytes] = [[], 0];
    }
    // Closing ends a reading before it has come to the head.
    if (!this.connection.closed.aborted && head > upTo) yield { received, upTo: head };
    else if (received.length > 0) yield { received, upTo };
  }

  private awaitedByClose<Result>(appended: Promise<Result>): Promise<Result> {
    this.appending.add(appended);
    const forget = (): void => void this.appending.delete(appended);
    appended.then(forget, forget);
    return appended;
  }

  /** One append after the other: the server keeps the order of streams only of what it was sent when it had answered. */
  private async appendInOrder(events: readonly TransferredEvent[]): Promise<Position> {
    let position = START;
    for (const run of runsOfOneStream(events)) position = await this.appendRun(run);
    return position;
  }

  private async appendRun(events: readonly TransferredEvent[]): Promise<Position> {
    const [first] = events;
    if (first === undefined) return START;
    const { stream, revision } = first;
    if (this.connection.closed.aborted) throw new LedgerUnavailable(stream, 'the ledger is closed');
    const hash = await this.hashAt(stream, revision - 1);
    if (hash === undefined) throw new TransferRefused(stream, revision, 'gap');
    let head: Head = { revision: revision - 1, hash };
    const toSend = events.map((event): ChainedEvent => {
      const fault = faultBehind(head, event, () => event.isRewritten === true);
      if (fault !== undefined) throw new TransferRefused(stream, event.revision, fault);
      head = event;
      const { id, type, data, metadata } = event;
      return { id, type, data, metadata: withHash(metadata, event.hash), hash: event.hash };
    });
    try {
      return (await this.send(stream, revision - 1, toSend)).position;
    } catch (error) {
      throw error instanceof RevisionConflict ? new TransferRefused(stream, revision, 'gap') : error;
    }
  }

  private async appendEvents(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    if (!Number.isSafeInteger(expectedRevision) || expectedRevision < NO_STREAM) {
      throw new TypeError(`${expectedRevision} is not a revision`);
    }
    if (this.connection.closed.aborted) throw new LedgerUnavailable(stream, 'the ledger is closed');
    const { serialized } = serializeAll(stream, events);
    const previous = await this.hashAt(stream, expectedRevision);
    if (previous === undefined) throw await this.conflict(stream, expectedRevision);
    return this.send(stream, expectedRevision, chained(stream, expectedRevision, previous, serialized));
  }

  /** Sends an append, and meanwhile looks whether its events stand: the server may take seconds to say so. */
  private async send(stream: string, expectedRevision: number, events: readonly ChainedEvent[]): Promise<Appended> {
    const cancelled = new AbortController();
    const looking = new Waiter();
    const state = { isAnswered: false };
    const answering = withDeadline(this.connection.append(stream, expectedRevision, events, cancelled.signal)).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    void answering.then(() => {
      state.isAnswered = true;
      looking.wake();
    });
    const finding = this.lookUntilFound(stream, expectedRevision, events, looking, () => state.isAnswered);
    const first = await Promise.race([answering, finding]);
    // Only what is still under way: an abort costs as much as a small append.
    if (!state.isAnswered || 'error' in first) cancelled.abort();
    if ('found' in first) return this.settle(stream, expectedRevision, events, first.found);
    if ('error' in first) return this.afterError(stream, expectedRevision, events, first.error);
    const { answer } = first;
    if (answer.isAppended) return this.answer(stream, expectedRevision, events, answer.position);
    return this.settle(stream, expectedRevision, events, await this.standing(stream, expectedRevision, events, 'all'));
  }

  /** Resolves when the stream holds the events that were to be appended, or others in their place, or when the answer is there; never rejects. */
  private async lookUntilFound(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    answered: Waiter,
    isAnswered: () => boolean,
  ): Promise<{ found: Standing }> {
    for (let pauseMs = LOOK_MS_FIRST; ; pauseMs *= 2) {
      await answered.wait(pauseMs);
      if (isAnswered()) return { found: { kind: 'nothing' } };
      const found = await this.standing(stream, expectedRevision, events, 'all').catch(() => undefined);
      if (found !== undefined && found.kind !== 'nothing') return { found };
    }
  }

  /** The server has refused an append, or has not said what became of it: the stream says whether it stands. */
  private async afterError(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    cause: unknown,
  ): Promise<Appended> {
    const error = appendError(stream, cause);
    if (!(error instanceof OutcomeUnknown)) throw error;
    this.uncertain.add(stream);
    const standing = await this.standing(stream, expectedRevision, events, 'all').catch(() => undefined);
    // Where other events stand, these will never be.
    if (standing === undefined || standing.kind === 'nothing') throw error;
    return this.settle(stream, expectedRevision, events, standing);
  }

  private async settle(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    standing: Standing,
  ): Promise<Appended> {
    if (standing.kind !== 'appended') throw await this.conflict(stream, expectedRevision);
    const { last } = standing;
    this.uncertain.delete(stream);
    if ((this.heads.get(stream)?.revision ?? NO_STREAM) < last.revision) this.remember(stream, last);
    return { revision: expectedRevision + events.length, position: last.position };
  }

  /**
   * The answer to an append. Which event's position a server answers with, above all for a repeated append, depends on its
   * version: 23.10 answers with the last one's. So it is read back until the server was seen to do so, and for appends
   * that may be repeated ones.
   */
  private async answer(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    position: Position,
  ): Promise<Appended> {
    const revision = expectedRevision + events.length;
    const mayBeRepeated = this.uncertain.has(stream) || (this.heads.get(stream)?.revision ?? NO_STREAM) >= revision;
    if (events.length <= this.trustedEvents && !mayBeRepeated && position > START) {
      this.remember(stream, { revision, hash: events.at(-1)?.hash ?? '' });
      return { revision, position };
    }
    const standing = await this.standing(stream, expectedRevision, events, 'last').catch((error: unknown) => {
      this.uncertain.add(stream);
      throw new OutcomeUnknown(stream, error);
    });
    if (standing.kind !== 'appended') {
      throw new OutcomeUnknown(stream, new Error('The event that was appended is not where it should be'));
    }
    if (position !== standing.last.position) this.trustedEvents = -1;
    else if (this.trustedEvents >= 0 && events.length > this.trustedEvents) {
      this.trustedEvents = events.length > 1 ? Infinity : 1;
    }
    return this.settle(stream, expectedRevision, events, standing);
  }

  /**
   * What the stream holds where the events were to be appended. All ids are compared, or the last only when the server has
   * said that they were appended.
   *
   * @throws LedgerUnavailable
   */
  private async standing(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    compared: 'all' | 'last',
  ): Promise<Standing> {
    const count = compared === 'all' ? events.length : 1;
    const sent = events.slice(events.length - count);
    const from = expectedRevision + 1 + events.length - count;
    const found = await this.readForAppend(stream, { from, limit: count });
    if (found.some(({ id }, place) => id !== sent[place]?.id)) return { kind: 'other events' };
    const last = found.at(-1);
    return last === undefined || found.length < count ? { kind: 'nothing' } : { kind: 'appended', last };
  }

  /** The hash that the event behind `revision` is chained to; undefined when there is no event at `revision`. */
  private async hashAt(stream: string, revision: number): Promise<string | undefined> {
    if (revision === NO_STREAM) return GENESIS;
    const head = this.heads.get(stream);
    if (head?.revision === revision) return head.hash;
    const [event] = await this.readForAppend(stream, { from: revision, limit: 1 });
    return event?.revision === revision ? event.hash : undefined;
  }

  private async conflict(stream: string, expectedRevision: number): Promise<RevisionConflict> {
    const [last] = await this.readForAppend(stream, { direction: 'backwards', limit: 1 });
    if (last !== undefined) this.remember(stream, last);
    return new RevisionConflict(stream, expectedRevision, last?.revision ?? NO_STREAM);
  }

  /** What an append must know while nothing is appended yet. */
  private async readForAppend(stream: string, options: ReadStreamOptions): Promise<readonly RecordedEvent[]> {
    try {
      return await withDeadline(this.readStream(stream, options));
    } catch (error) {
      throw new LedgerUnavailable(stream, 'the stream cannot be read', error);
    }
  }

  private remember(stream: string, { revision, hash }: Head): void {
    if (this.heads.size >= HEADS_MAX) this.heads.clear();
    this.heads.set(stream, { revision, hash });
  }
}

/** Neighbours of the same stream, each as large as an append may be. */
const runsOfOneStream = (events: readonly TransferredEvent[]): readonly (readonly TransferredEvent[])[] => {
  const runs: TransferredEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const run = runs.at(-1);
    bytes += bytesInAppend(event);
    if (run !== undefined && run[0]?.stream === event.stream && bytes <= APPEND_BYTES_MAX) run.push(event);
    else {
      runs.push([event]);
      bytes = bytesInAppend(event);
    }
  }
  return runs;
};

const withDeadline = async <Result>(call: Promise<Result>): Promise<Result> => {
  const ended = new Waiter();
  call.then(ended.wake, ended.wake);
  if (!(await ended.wait(CALL_DEADLINE_MS))) {
    throw new Error(`The server did not answer within ${CALL_DEADLINE_MS} ms`);
  }
  return call;
};
