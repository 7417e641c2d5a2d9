import { setTimeout as delay } from 'node:timers/promises';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '#platform/logging.js';
import type { Ledger } from '#ledger/ledger.js';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { isClustered, keepCopies } from '#storage/stream-copies.js';
import { effectiveEvents } from '#event-sourcing/effective-events.js';
import { eventAtCursor } from '#event-sourcing/event-at-cursor.js';
import { HISTORY_START, readHistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import { type FeedPlace, FeedPublisher } from './feed-publisher.js';
import { endOfFeed, FEED_STREAM, type FeedEnd, type FeedLimits, prepareFeedStream } from './feed-stream.js';

const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = 5000;

/** How often the key-value store notes how far the feed is, for when the broker has no message left that says it. */
const NOTE_EVERY_MS = 10_000;
const NOTE = 'feed/stored';

const BEGINNING: FeedPlace = { sequence: 0, cursor: HISTORY_START };

/** The feed holds events of another ledger, or of another past of this one. */
export class ForeignFeed extends Error {
  override readonly name = 'ForeignFeed';

  constructor(sequence: number) {
    super(
      `message ${sequence} of ${FEED_STREAM} is not event ${sequence} of this ledger; delete the stream to begin anew`,
    );
  }
}

export interface RelayOptions {
  readonly ledger: Ledger;
  readonly connection: NatsConnection;
  readonly keyValueStore: Pick<KeyValueStore, 'get' | 'put'>;
  readonly limits: FeedLimits;
  readonly log: Log;
}

/**
 * Publishes the history to JetStream: message n of the feed is event n of the history. After whatever has happened to either side it goes
 * on behind the last message that the broker has, so that nothing is told twice or left out; nothing of it depends on the time in which
 * the broker recognizes repeats, or on being the only relay.
 */
export class Relay implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;
  private copiesAreKept = false;
  private problem: Error | undefined;
  private publisher: FeedPublisher | undefined;

  constructor(private readonly options: RelayOptions) {}

  onApplicationBootstrap(): void {
    this.running ??= this.run();
    void this.noticeDisconnections();
  }

  /** @throws why nothing is published at the moment */
  check(): void {
    if (this.problem !== undefined) throw this.problem;
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private isStopping(): boolean {
    return this.stopped.signal.aborted;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let retryMs = RETRY_MS_FIRST;
    while (!this.isStopping()) {
      const error = await this.relay().catch((fault: unknown) => fault);
      if (this.isStopping()) return;
      retryMs = this.problem === undefined ? RETRY_MS_FIRST : Math.min(2 * retryMs, RETRY_MS_MAX);
      this.report(error instanceof Error ? error : new Error('the ledger told no more', { cause: error }));
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What was in flight may be lost, and nobody would say so. */
  private async noticeDisconnections(): Promise<void> {
    for await (const { type } of this.options.connection.status()) {
      if (type === 'disconnect') this.publisher?.fail(new Error('the connection to NATS was lost'));
    }
  }

  /** What lasts is logged once. */
  private report(error: Error): void {
    if (this.problem?.message !== error.message) {
      this.options.log.warn({ error }, 'the feed is interrupted, will try again');
    }
    this.problem = error;
  }

  /** Publishes until something fails or the relay is stopped. */
  private async relay(): Promise<void> {
    const { ledger, connection, limits } = this.options;
    const manager = await prepareFeedStream(connection, limits);
    const end = await endOfFeed(manager);
    const publisher = new FeedPublisher(connection, await this.placeOf(end));
    this.publisher = publisher;
    const follow = AbortSignal.any([this.stopped.signal, publisher.failed]);
    const notes = setInterval(() => void this.note(publisher.stored), NOTE_EVERY_MS).unref();
    try {
      if (!this.copiesAreKept && isClustered(connection)) {
        await keepCopies(connection, manager, {
          ...{ stream: FEED_STREAM, wanted: limits.copies, log: this.options.log, what: 'the events of the feed' },
        });
        this.copiesAreKept = true;
      }
      this.resumed(end);
      for await (const { events } of effectiveEvents(ledger, { after: publisher.stored.cursor, follow })) {
        for (const event of events) await publisher.publish(event);
      }
      publisher.failed.throwIfAborted();
    } finally {
      clearInterval(notes);
      publisher.close();
      await this.note(publisher.stored);
    }
  }

  private resumed({ sequence }: FeedEnd): void {
    this.options.log.info({ sequence }, 'the feed goes on behind this event');
    this.problem = undefined;
  }

  /** Where the history goes on behind the end of the feed. */
  private async placeOf({ sequence, last }: FeedEnd): Promise<FeedPlace> {
    const { ledger } = this.options;
    if (sequence === 0) return BEGINNING;
    const known = last === undefined ? await this.noted(sequence) : { sequence, ...last };
    const isThere = await this.isThere(known);
    if (isThere && known.sequence === sequence) return known;
    // No message is left, or the ledger has moved, where events have other positions: counting finds the place in both.
    const start = isThere ? known : BEGINNING;
    let count = start.sequence;
    for await (const { events } of effectiveEvents(ledger, { after: start.cursor })) {
      if (this.isStopping()) break;
      const [same, wanted] = [known.sequence, sequence].map((number) => events[number - count - 1]);
      count += events.length;
      if (same !== undefined && same.event.id !== known.eventId) break;
      if (wanted !== undefined) return { sequence, cursor: wanted.cursor, eventId: wanted.event.id };
    }
    throw new ForeignFeed(sequence);
  }

  /** Whether the ledger has this event at this place: another one, or one that was restored, may have another there. */
  private async isThere({ cursor, eventId }: FeedPlace): Promise<boolean> {
    return (await eventAtCursor(this.options.ledger, cursor))?.id === eventId;
  }

  /** A place up to the end of the feed, as it was noted; the beginning when none was. */
  private async noted(end: number): Promise<FeedPlace> {
    const [sequence, text = '', eventId] = (await this.options.keyValueStore.get(NOTE))?.split(' ') ?? [];
    const cursor = readHistoryCursor(text);
    // Notes of earlier versions do not name the event.
    if (cursor === undefined || eventId === undefined || Number(sequence) > end) return BEGINNING;
    return { sequence: Number(sequence), cursor, eventId };
  }

  private async note({ sequence, cursor, eventId }: FeedPlace): Promise<void> {
    if (eventId === undefined) return;
    await this.options.keyValueStore
      .put(NOTE, `${sequence} ${textOfCursor(cursor)} ${eventId}`, { durability: 'process' })
      // An older note, or none, only makes the relay count for longer.
      .catch((error: unknown) => this.options.log.warn({ error }, 'the end of the feed could not be noted'));
  }
}
