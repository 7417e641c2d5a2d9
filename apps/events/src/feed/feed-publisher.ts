import { createInbox, headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { inboxPrefix } from '#bus/nats-connection.js';
import { CLOUD_EVENT_TYPE, cloudEvent } from '#contracts/cairn/event-envelope.js';
import type { EffectiveEvent } from '#event-sourcing/effective-events.js';
import { type HistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import { Waiter } from '#ledger/waiter.js';
import { CURSOR_HEADER, feedSubject } from './feed-stream.js';

/** Bounds of what has been sent and is not stored yet. */
const IN_FLIGHT_MAX = 256;
const IN_FLIGHT_BYTES_MAX = 4 * 1024 * 1024;

/** Without an acknowledgement for so long, what has been sent counts as lost. */
const STORED_WITHIN_MS = 5000;

/** A message of the feed, and how far the history is then told. */
export interface FeedPlace {
  readonly sequence: number;
  readonly cursor: HistoryCursor;
  /** Of the last event that is told; absent before the first. */
  readonly eventId?: string;
}

interface InFlight extends FeedPlace {
  readonly bytes: number;
}

interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly description?: string };
}

/**
 * Sends events to the feed without waiting for each to be stored. Each message says which one it must follow, so the broker stores
 * them without a gap, whatever is lost on the way or sent twice, and whoever else publishes: after the first that does not fit it
 * refuses the rest, and the publisher has failed. The client library's own `publish` costs six times as much.
 */
export class FeedPublisher {
  private readonly failure = new AbortController();
  private readonly inbox = createInbox(inboxPrefix('events'));
  private readonly subscription: Subscription;
  private readonly progress = new Waiter();
  private readonly inFlight: InFlight[] = [];
  private bytesInFlight = 0;
  private sent: number;
  private overdue: NodeJS.Timeout | undefined;

  /** @param last the end of the feed: what is published is stored behind it */
  constructor(
    private readonly connection: NatsConnection,
    private last: FeedPlace,
  ) {
    this.sent = last.sequence;
    this.subscription = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => (error === null ? this.receive(message) : this.fail(error)),
    });
  }

  /** Aborted when something was not stored; its reason says why. */
  get failed(): AbortSignal {
    return this.failure.signal;
  }

  /** The last message that is known to be stored. */
  get stored(): FeedPlace {
    return this.last;
  }

  /** Sends the next event of the history as soon as there is room. Rejects when the publisher has failed. */
  async publish({ event, cursor }: EffectiveEvent): Promise<void> {
    while (this.isFull && !this.failed.aborted) await this.progress.wait();
    this.failed.throwIfAborted();
    const text = textOfCursor(cursor);
    const payload = Buffer.from(cloudEvent(event, text));
    const header = headers();
    header.set('Nats-Msg-Id', event.id);
    // The number of the last message outlives everything. The id of the last one, which could be expected as well, is forgotten by
    // brokers that restart after the time in which they recognize repeats.
    header.set('Nats-Expected-Last-Sequence', String(this.sent));
    header.set('Content-Type', CLOUD_EVENT_TYPE);
    header.set(CURSOR_HEADER, text);
    this.sent += 1;
    this.inFlight.push({ sequence: this.sent, cursor, eventId: event.id, bytes: payload.length });
    this.bytesInFlight += payload.length;
    this.overdue ??= this.watch();
    this.connection.publish(feedSubject(event), payload, { headers: header, reply: `${this.inbox}.${this.sent}` });
  }

  /** Nothing that is in flight counts any more. */
  fail(error: Error): void {
    this.failure.abort(error);
    this.progress.wake();
  }

  close(): void {
    clearTimeout(this.overdue);
    this.subscription.unsubscribe();
  }

  private get isFull(): boolean {
    return this.inFlight.length >= IN_FLIGHT_MAX || this.bytesInFlight >= IN_FLIGHT_BYTES_MAX;
  }

  private watch(): NodeJS.Timeout {
    const { sequence } = this.last;
    return setTimeout(() => {
      if (this.last.sequence === sequence) {
        this.fail(new Error(`JetStream has not stored event ${sequence + 1} within ${STORED_WITHIN_MS} ms`));
      } else {
        this.overdue = this.inFlight.length === 0 ? undefined : this.watch();
      }
    }, STORED_WITHIN_MS);
  }

  private receive({ subject, data, headers: header }: Msg): void {
    const asked = Number(subject.slice(this.inbox.length + 1));
    if (data.length === 0) {
      this.fail(new Error(`NATS offers no JetStream for the feed (${header?.code ?? 'empty answer'})`));
      return;
    }
    const { seq, error } = JSON.parse(Buffer.from(data).toString()) as Acknowledgement;
    // A repeat is told where it was stored the first time: elsewhere it is no part of this history.
    if (seq !== asked) {
      this.fail(new Error(`JetStream did not store event ${asked}: ${error?.description ?? `it is at ${seq ?? '?'}`}`));
      return;
    }
    this.settle(asked);
  }

  private settle(sequence: number): void {
    while ((this.inFlight[0]?.sequence ?? Infinity) <= sequence) {
      const settled = this.inFlight.shift();
      if (settled === undefined) break;
      this.bytesInFlight -= settled.bytes;
      this.last = settled;
    }
    this.progress.wake();
  }
}
