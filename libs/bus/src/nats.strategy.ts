import { setTimeout as delay } from 'node:timers/promises';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { type Answer, contractOf, type Message, type ServiceName } from './contract.js';
import { MessageServer } from './message.server.js';
import type { MessageCodec, ReceivedRequest } from './message-codec.js';
import { MessageRefused } from './message-frames.js';

const UNREADABLE = new DomainError('invalid', 'bus.unreadable', 'the message could not be read').toValue();
const UNSENDABLE = new DomainError('internal', 'bus.unsendable', 'the answer could not be sent').toValue();

/** A service that stops does not wait longer for a handler that does not come to an end. */
const FINISH_WITHIN_MS = 5000;

/** Nor than this for a broker that does not answer. */
const BROKER_WITHIN_MS = 1000;

/**
 * How far clocks of hosts may be apart. Nobody waits for the answer to a message whose deadline has passed for longer: it is a
 * copy that somebody sent again.
 */
const CLOCK_SKEW_MS = 60_000;

const isMessage = (value: unknown): value is Message<unknown> =>
  typeof value === 'object' && value !== null && 'context' in value && 'request' in value;

/** Receives messages over NATS. Replicas of a service share its queue group: each message goes to one of them. */
export class NatsStrategy extends MessageServer {
  private readonly subscriptions: Subscription[] = [];
  /** By reply subject, which is unique per request: a request that is sent again while it is worked on is dropped. */
  private readonly inFlight = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly codec: MessageCodec,
    private readonly queue: ServiceName,
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
    const done = this.answer(subject, reply, message)
      .catch((error: unknown) => this.log.error({ error, subject }, 'could not answer a message'))
      .then(() => {
        this.inFlight.delete(reply);
      });
    this.inFlight.set(reply, done);
  }

  private async answer(subject: string, reply: string, message: Msg): Promise<void> {
    let received: ReceivedRequest;
    try {
      const decoded = this.codec.decodeRequest(subject, reply, message.data);
      received = decoded instanceof Promise ? await decoded : decoded;
    } catch (error) {
      if (error instanceof MessageRefused) return;
      throw error;
    }
    const replyTo = { process: received.from, subject: reply, isSealed: received.isSealed };
    const answer = await this.answerOf(subject, reply, received);
    try {
      message.respond(this.codec.encodeAnswer(replyTo, answer));
    } catch (error) {
      message.respond(this.codec.encodeAnswer(replyTo, { error: UNSENDABLE }));
      throw error;
    }
  }

  private async answerOf(
    subject: string,
    reply: string,
    received: ReceivedRequest,
  ): Promise<Answer<unknown> | undefined> {
    const { message } = received;
    if (!isMessage(message)) return { error: UNREADABLE };
    const why = this.codec.areProtected ? reasonToRefuse(subject, received, message) : undefined;
    if (why !== undefined) return { error: this.codec.refuse(subject, reply, why).toValue() };
    return withCorrelation(message.context.correlationId, () => this.handle(subject, message));
  }
}

/** A process that proves who it is may still not send everything: see `calledBy` in {@link contractOf}'s contracts. */
const reasonToRefuse = (
  subject: string,
  { from, isSealed }: ReceivedRequest,
  { context }: Message<unknown>,
): string | undefined => {
  const contract = contractOf(subject);
  if (from !== 'gateway' && contract?.calledBy.includes(from) !== true) return `${from} may not send it`;
  if (contract?.isSealed === true && !isSealed) return 'it is not encrypted';
  return context.deadlineMs + CLOCK_SKEW_MS < Date.now() ? 'its deadline has passed' : undefined;
};
