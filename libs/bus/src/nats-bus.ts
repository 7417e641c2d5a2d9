import { setTimeout as delay } from 'node:timers/promises';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Metrics } from '#platform/metrics.js';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import { noAnswer } from './bus.js';
import type { Answer, Contract, MessageContext, ProcessName, ServiceName } from './contract.js';
import type { MessageCodec } from './message-codec.js';
import { MessageRefused } from './message-frames.js';
import { inboxPrefix } from './nats-connection.js';
import { TransportBus } from './transport-bus.js';
import { UNSEEN_CHANGES, type UnseenChange } from './visibility.js';

/** A request without an answer is sent again after this time, then after twice as long, and so on. */
const RESEND_AFTER_MS = 1000;

/** When the broker says that nobody listens (a service restarts), it is asked again after this time, doubling. */
const NOBODY_PAUSE_MS = 25;
const NOBODY_PAUSE_MAX_MS = 400;

/** How long an answer waits for the broker to have passed on what the gateways must know first. */
const TELL_WITHIN_MS = 100;

/** The broker's header on its own answer "no responders". */
const NO_RESPONDERS = 503;

interface Pending {
  readonly subject: string;
  readonly service: ServiceName;
  /** Subject of the answer. */
  readonly reply: string;
  readonly bytes: Uint8Array;
  readonly deadlineMs: number;
  readonly settle: (answer: Answer<unknown>) => void;
  timer: NodeJS.Timeout | undefined;
  resendAfterMs: number;
  nobodyPauseMs: number;
}

/**
 * Sends messages over NATS. Requests are repeated until the deadline, with the same command id and reply subject, so that
 * a service may restart meanwhile: the owner of a command answers a repeat with the first reply. Commands without an id
 * get one for it.
 */
export class NatsBus extends TransportBus {
  private readonly inbox: string;
  private readonly pending = new Map<string, Pending>();
  private lastNumber = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly codec: MessageCodec,
    name: ProcessName,
    metrics?: Metrics,
  ) {
    super(metrics);
    this.inbox = createInbox(inboxPrefix(name));
    // One subscription for all answers; the last token of the subject says which request it belongs to.
    connection.subscribe(`${this.inbox}.*`, { callback: (error, message) => this.receive(error, message) });
    if (name === 'gateway') {
      connection.subscribe(UNSEEN_CHANGES, { callback: (error, message) => this.hear(error, message) });
    }
  }

  protected override async tellGateways(change: UnseenChange): Promise<void> {
    try {
      this.connection.publish(UNSEEN_CHANGES, this.codec.encodeNotice('gateway', UNSEEN_CHANGES, change));
      // The broker answers this when it has passed the notice on.
      await Promise.race([this.connection.flush(), delay(TELL_WITHIN_MS, undefined, { ref: false })]);
    } catch {
      // Without the broker nobody can ask another gateway's services either.
    }
  }

  private hear(failure: Error | null, { data }: Msg): void {
    if (failure !== null) return;
    try {
      this.unseen.add(this.codec.decodeNotice(UNSEEN_CHANGES, data) as UnseenChange);
    } catch (error) {
      // It is logged.
      if (!(error instanceof MessageRefused)) throw error;
    }
  }

  protected override deliver<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
  ): Promise<Answer<Reply>> {
    return new Promise((resolve) => {
      const { subject, service, kind } = contract;
      const named = kind === 'command' ? { commandId: timeOrderedId(), ...context } : context;
      this.lastNumber += 1;
      const id = this.lastNumber.toString(36);
      const reply = `${this.inbox}.${id}`;
      const { bytes, release } = this.codec.encodeRequest(contract, reply, { context: named, request });
      const pending: Pending = {
        subject,
        service,
        reply,
        bytes,
        deadlineMs: context.deadlineMs,
        settle: (answer) => {
          clearTimeout(pending.timer);
          this.pending.delete(id);
          release();
          // The contract ties subject, request and reply together at both ends.
          resolve(answer as Answer<Reply>);
        },
        timer: undefined,
        resendAfterMs: RESEND_AFTER_MS,
        nobodyPauseMs: NOBODY_PAUSE_MS,
      };
      this.pending.set(id, pending);
      this.send(id, pending);
    });
  }

  private send(id: string, pending: Pending): void {
    // The requests of one turn of the event loop leave in one write, and wake the broker and the service once.
    void nextLoopTurn().then(() => this.publish(pending));
    const waitMs = pending.resendAfterMs;
    pending.resendAfterMs *= 2;
    this.later(id, pending, waitMs, 'deadline passed');
  }

  private publish(pending: Pending): void {
    try {
      this.connection.publish(pending.subject, pending.bytes, { reply: pending.reply });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      pending.settle({ error: noAnswer(pending.service, why).toValue() });
    }
  }

  /** Sends again after `waitMs`, or gives up at the deadline if that comes first. */
  private later(id: string, pending: Pending, waitMs: number, why: string): void {
    clearTimeout(pending.timer);
    const leftMs = Math.max(0, pending.deadlineMs - Date.now());
    pending.timer =
      leftMs > waitMs
        ? setTimeout(() => this.send(id, pending), waitMs)
        : setTimeout(() => pending.settle({ error: noAnswer(pending.service, why).toValue() }), leftMs);
  }

  private receive(error: Error | null, message: Msg): void {
    if (error !== null) return;
    const id = message.subject.slice(this.inbox.length + 1);
    const pending = this.pending.get(id);
    // A second answer to a request that was sent twice, or one that nobody waits for any more.
    if (pending === undefined) return;
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      const waitMs = pending.nobodyPauseMs;
      pending.nobodyPauseMs = Math.min(2 * waitMs, NOBODY_PAUSE_MAX_MS);
      this.later(id, pending, waitMs, 'it is not running');
      return;
    }
    this.open(message.data, pending);
  }

  private open(data: Uint8Array, pending: Pending): void {
    let opened: unknown;
    try {
      opened = this.codec.decodeAnswer(pending.service, pending.reply, data);
    } catch (error) {
      // The answer of the service may still come: an answer that somebody else wrote must not stand in its way.
      if (error instanceof MessageRefused) return;
      throw error;
    }
    if (!(opened instanceof Promise)) {
      pending.settle(opened as Answer<unknown>);
      return;
    }
    opened.then(
      (answer) => pending.settle(answer as Answer<unknown>),
      (error: unknown) =>
        pending.settle({
          error: noAnswer(pending.service, error instanceof Error ? error.message : String(error)).toValue(),
        }),
    );
  }
}
