import { setTimeout as delay } from 'node:timers/promises';
import {
  AccessDeniedError,
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  InvalidArgumentError,
  type JSONEventData,
  type JSONEventType,
  MaxAppendSizeExceededError,
  NO_STREAM as CLIENT_NO_STREAM,
  START as CLIENT_START,
  StreamNotFoundError,
  type StreamingRead,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { AppendTooLarge, LedgerUnavailable, OutcomeUnknown, RevisionConflict } from './errors.js';
import { chained, clientPosition, recordedEvent } from './eventstoredb-event.js';
import { follow } from './eventstoredb-subscription.js';
import { GENESIS } from './hash-chain.js';
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
} from './ledger.js';
import { type SerializedEvent, serializeAll } from './serialized-event.js';
import { prefixMatcher } from './stream-filter.js';

/** For each call that an append consists of, with looking for a node of the cluster, which the client does not time. */
const CALL_DEADLINE_MS = 10_000;

/** Heads of streams kept in memory, so that an append need not read what it is chained to. */
const HEADS_MAX = 50_000;

/** Events handed over at once when all are read. */
const BATCH_EVENTS = 512;

/** Delay before a dropped subscription is resumed; it grows while the server is away. */
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 5_000;

interface Head {
  readonly revision: number;
  readonly hash: string;
}

/**
 * The ledger in an EventStoreDB (or KurrentDB) server. The hash is kept inside the metadata. The client serializes and
 * parses the texts; both are made by `JSON.stringify`, so that serializing what was parsed gives the same text again. See
 * `docs/adr/0003-eventstoredb-ledger.md`.
 */
export class EventStoreDbLedger extends Ledger {
  /** Opens lazily: the first call connects. */
  static open(connectionString: string): EventStoreDbLedger {
    const url = connectionString.replace(/^kurrentdb(?=(\+discover)?:)/, 'esdb');
    return new EventStoreDbLedger(withSingleAppends(EventStoreDBClient.connectionString(url)));
  }

  private readonly heads = new Map<string, Head>();
  private readonly closing = new AbortController();

  private constructor(private readonly client: EventStoreDBClient) {
    super();
  }

  override async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended> {
    if (!Number.isSafeInteger(expectedRevision) || expectedRevision < NO_STREAM) {
      throw new TypeError(`${expectedRevision} is not a revision`);
    }
    if (this.closing.signal.aborted) throw new LedgerUnavailable(stream, 'the ledger is closed');
    const { serialized } = serializeAll(stream, events);
    const previous = await this.hashAt(stream, expectedRevision);
    if (previous === undefined) throw await this.conflict(stream, expectedRevision);

    const sent = await this.send(stream, expectedRevision, chained(stream, expectedRevision, previous, serialized));
    return sent === 'appended'
      ? await this.answer(stream, expectedRevision, serialized)
      : await this.firstOutcome(stream, expectedRevision, serialized);
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const { direction = 'forwards', from, limit = Number.MAX_SAFE_INTEGER } = options;
    if (limit <= 0 || (from !== undefined && from < 0)) return [];
    const forwards = direction === 'forwards';
    const edge = forwards ? CLIENT_START : END;
    const reading = this.client.readStream<JSONEventType>(stream, {
      direction: forwards ? FORWARDS : BACKWARDS,
      fromRevision: from === undefined ? edge : BigInt(Math.min(from, Number.MAX_SAFE_INTEGER)),
      maxCount: limit,
      // What this ledger has just appended must be seen; a follower may not have it yet.
      requiresLeader: true,
    });
    const events: RecordedEvent[] = [];
    try {
      for await (const resolved of cancelled(reading)) {
        const event = recordedEvent(resolved);
        if (event !== undefined) events.push(event);
      }
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      throw error;
    }
    return events;
  }

  override async *readAll({ after = START, streamPrefixes }: ReadAllOptions = {}): AsyncIterable<Batch> {
    const matches = prefixMatcher(streamPrefixes);
    const reading = this.client.readAll({
      direction: FORWARDS,
      fromPosition: clientPosition(after),
      requiresLeader: true,
    });
    let events: RecordedEvent[] = [];
    let upTo = after;
    for await (const resolved of cancelled(reading)) {
      const event = recordedEvent(resolved);
      // A reading begins with the event at the position, not with the one behind it.
      if (event === undefined || event.position <= after) continue;
      upTo = event.position;
      if (matches(event.stream)) events.push(event);
      if (events.length < BATCH_EVENTS) continue;
      yield { events, upTo };
      events = [];
    }
    if (upTo > after) yield { events, upTo };
  }

  /**
   * The server filters its own events only; the prefixes are checked here. Of streams that do not match it would report the position at
   * checkpoints only, some events late, and a caller that waits for a position at the head would wait for ever.
   */
  override async *subscribe(options: SubscribeOptions = {}): AsyncIterable<Batch> {
    const matches = prefixMatcher(options.streamPrefixes);
    const signals = [this.closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    let cursor = options.after ?? START;
    let reconnectMs = RECONNECT_MS_MIN;
    while (!signal.aborted) {
      try {
        for await (const batch of follow(this.client, cursor, matches, signal)) {
          cursor = batch.upTo;
          reconnectMs = RECONNECT_MS_MIN;
          yield batch;
        }
      } catch (error) {
        if (isPermanent(error)) throw error;
      }
      await delay(reconnectMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      reconnectMs = Math.min(RECONNECT_MS_MAX, reconnectMs * 2);
    }
  }

  override async head(): Promise<Position> {
    const reading = this.client.readAll({ direction: BACKWARDS, fromPosition: END, requiresLeader: true });
    for await (const resolved of cancelled(reading)) {
      const event = recordedEvent(resolved);
      if (event !== undefined) return event.position;
    }
    return START;
  }

  override async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await this.client.dispose();
  }

  private async send(
    stream: string,
    expectedRevision: number,
    events: JSONEventData[],
  ): Promise<'appended' | 'wrong revision'> {
    const sending = this.client.appendToStream(stream, events, {
      expectedRevision: expectedRevision === NO_STREAM ? CLIENT_NO_STREAM : BigInt(expectedRevision),
      deadline: CALL_DEADLINE_MS,
      // A follower would pass it on, and might not hear the outcome.
      requiresLeader: true,
    });
    try {
      const { success } = await withDeadline(sending);
      // Only a connection string that turns errors off makes the client answer so; its revision is then nonsense.
      return success ? 'appended' : 'wrong revision';
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) return 'wrong revision';
      throw appendError(stream, error);
    }
  }

  /** The hash that the event behind `revision` is chained to; undefined when there is no event at `revision`. */
  private async hashAt(stream: string, revision: number): Promise<string | undefined> {
    if (revision === NO_STREAM) return GENESIS;
    const head = this.heads.get(stream);
    if (head?.revision === revision) return head.hash;
    const [event] = await this.readForAppend(stream, { from: revision, limit: 1 });
    return event?.revision === revision ? event.hash : undefined;
  }

  /**
   * Reads the position back: what the server answers to an append is the position of one of its events, not always of
   * the last, and for a repeated append depends on the version.
   */
  private async answer(
    stream: string,
    expectedRevision: number,
    serialized: readonly SerializedEvent[],
  ): Promise<Appended> {
    const revision = expectedRevision + serialized.length;
    let last: RecordedEvent | undefined;
    try {
      [last] = await withDeadline(this.readStream(stream, { from: revision, limit: 1 }));
    } catch (error) {
      throw new OutcomeUnknown(stream, error);
    }
    if (last?.revision !== revision || last.id !== serialized.at(-1)?.id) {
      throw new OutcomeUnknown(stream, new Error('The event that was appended is not where it should be'));
    }
    this.remember(stream, last);
    return { revision, position: last.position };
  }

  /** The answer to the same append made earlier, if the ledger holds its events at the expected revision. */
  private async firstOutcome(
    stream: string,
    expectedRevision: number,
    serialized: readonly SerializedEvent[],
  ): Promise<Appended> {
    const standing = await this.readForAppend(stream, { from: expectedRevision + 1, limit: serialized.length });
    const last = standing.at(-1);
    const same = standing.length === serialized.length && standing.every(({ id }, i) => id === serialized[i]?.id);
    if (last === undefined || !same) throw await this.conflict(stream, expectedRevision);
    return { revision: last.revision, position: last.position };
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

/**
 * Has each append be a call of its own. The client would put all of them into one batch call, after asking once what the
 * server supports: if no node of the cluster is found at that moment it keeps this failure and never appends again, and
 * when one of its connections drops, a late answer on another one throws where nobody can catch it.
 */
const withSingleAppends = (client: EventStoreDBClient): EventStoreDBClient => {
  Object.assign(client, { supports: () => Promise.resolve(false) });
  return client;
};

/**
 * Errors with which the server says that it did not append; after all others nobody knows. A node that is no longer the
 * leader is among those on purpose: the client goes to the new one, and what is not known is sent again.
 */
const appendError = (stream: string, error: unknown): Error => {
  if (error instanceof MaxAppendSizeExceededError) {
    return new AppendTooLarge(stream, APPEND_BYTES_MAX, error.maxAppendSize);
  }
  if (isPermanent(error)) return new LedgerUnavailable(stream, 'the server refuses', error);
  return new OutcomeUnknown(stream, error);
};

/** Errors that trying again does not cure. */
const isPermanent = (error: unknown): boolean =>
  error instanceof AccessDeniedError || error instanceof InvalidArgumentError;

const withDeadline = async <Result>(call: Promise<Result>): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    const late = new Error(`The server did not answer within ${CALL_DEADLINE_MS} ms`);
    timer = setTimeout(() => reject(late), CALL_DEADLINE_MS);
  });
  try {
    return await Promise.race([call, deadline]);
  } finally {
    clearTimeout(timer);
  }
};

/** Cancels the call when its reader stops early, which the client's streams do not do themselves. */
async function* cancelled<Event>(reading: StreamingRead<Event>): AsyncGenerator<Event, void, void> {
  // An error that comes after the reader has gone is nobody's.
  reading.on('error', () => undefined);
  try {
    yield* reading;
  } finally {
    await reading.cancel().catch(() => undefined);
  }
}
