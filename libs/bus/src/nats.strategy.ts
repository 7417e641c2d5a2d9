import { setTimeout as delay } from 'node:timers/promises';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Answer, Message } from './contract.js';
import { MessageServer } from './message.server.js';
import type { ChunkedMessages } from './chunked-messages.js';

const UNREADABLE = new DomainError('invalid', 'bus.unreadable', 'the message could not be read').toValue();
const UNSENDABLE = new DomainError('internal', 'bus.unsendable', 'the answer could not be sent').toValue();

/** A service that stops does not wait longer for a handler that does not come to an end. */
const FINISH_WITHIN_MS = 5000;

/** Nor than this for a broker that does not answer. */
const BROKER_WITHIN_MS = 1000;

const isMessage = (value: unknown): value is Message<unknown> =>
  typeof value === 'object' && value !== null && 'context' in value && 'request' in value;

/** Receives messages over NATS. Replicas of a service share its queue group: each message goes to one of them. */
export class NatsStrategy extends MessageServer {
  private readonly subscriptions: Subscription[] = [];
  /** By reply subject, which is unique per request: a request that is sent again while it is worked on is dropped. */
  private readonly inFlight = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly messages: ChunkedMessages,
    private readonly queue: string,
    private readonly log: Log,
  ) {
    super();
  }

  override listen(callback: (error?: unknown) => void): void {
    for (const subject of this.messageHandlers.keys()) {
      const subscription = this.connection.subscribe(subject, {
        queue: this.queue,
        callback: (error, message) => {
          if (error === null) this.receive(subject, message);
          else this.log.error({ error, subject }, 'a subscription failed');
        },
      });
      this.subscriptions.push(subscription);
    }
    // The broker knows the subscriptions before the service reports that it is ready.
    this.connection.flush().then(() => callback(), callback);
  }

  /** Takes no more messages, finishes those that are here, and sees their answers off, if the broker is there. Never rejects. */
  override async close(): Promise<void> {
    const drained = this.subscriptions.splice(0).map((subscription) => subscription.drain());
    await this.untilBrokerAnswers(Promise.all(drained));
    await this.finished();
    if (!this.connection.isClosed()) await this.untilBrokerAnswers(this.connection.flush());
  }

  /** Without a connection the library rejects, or waits until there is one again. */
  private async untilBrokerAnswers(answered: Promise<unknown>): Promise<void> {
    const late = new AbortController();
    const waited = delay(BROKER_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const failed = answered.catch((error: unknown) => this.log.warn({ error }, 'the broker is away while stopping'));
    await Promise.race([failed, waited]);
    late.abort();
  }

  private async finished(): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), FINISH_WITHIN_MS);
    await Promise.race([Promise.all(this.inFlight.values()), late.promise]);
    clearTimeout(timer);
    if (this.inFlight.size > 0) this.log.warn({ messages: this.inFlight.size }, 'stopped over unfinished messages');
  }

  private receive(subject: string, message: Msg): void {
    const { reply } = message;
    if (reply === undefined || this.inFlight.has(reply)) return;
    const done = this.answer(subject, message)
      .catch((error: unknown) => this.log.error({ error, subject }, 'could not answer a message'))
      .then(() => {
        this.inFlight.delete(reply);
      });
    this.inFlight.set(reply, done);
  }

  private async answer(subject: string, message: Msg): Promise<void> {
    const answer = await this.answerOf(subject, message.data);
    try {
      message.respond(this.messages.encodeAnswer(answer));
    } catch (error) {
      message.respond(this.messages.encodeAnswer({ error: UNSENDABLE }));
      throw error;
    }
  }

  private async answerOf(subject: string, data: Uint8Array): Promise<Answer<unknown> | undefined> {
    const opened = this.messages.decode(data);
    const received = opened instanceof Promise ? await (opened as Promise<unknown>) : opened;
    if (!isMessage(received)) return { error: UNREADABLE };
    return withCorrelation(received.context.correlationId, () => this.handle(subject, received));
  }
}
