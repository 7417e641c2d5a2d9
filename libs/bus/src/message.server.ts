import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { firstValueFrom, isObservable } from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import { RETRY_AFTER_SECONDS } from './bus.js';
import { type Answer, contractOf, type Message, type ServiceName } from './contract.js';
import { WaitForPosition } from './visibility.js';

/** How often a service is asked at most whether it shows a change. */
const ASK_AGAIN_MS = 100;

/** A refusal leaves so long before the deadline, to be there in time. */
const REFUSE_BEFORE_MS = 50;

const isReached = (answer: Answer<unknown> | undefined): boolean => answer !== undefined && 'reply' in answer;

/**
 * What the transports have in common on the side of the services: Nest registers the `@MessagePattern` handlers here.
 * Handlers return promises, so no Observable is made for a message; only exception filters still answer with one.
 */
export abstract class MessageServer extends Server implements CustomTransportStrategy {
  abstract override listen(callback: (error?: unknown) => void): void;
  abstract override close(): Promise<void> | void;

  override on(): void {
    // Nothing emits events here; connection changes are logged where the connection is made.
  }

  override unwrap(): never {
    throw new Error('no underlying server to hand out');
  }

  /**
   * Answers when the service shows what the caller was told of; `unavailable` when it does not before the deadline.
   *
   * @returns undefined when no handler is registered for the subject
   */
  handle(subject: string, message: Message<unknown>): Promise<Answer<unknown>> | undefined {
    const handler = this.messageHandlers.get(subject);
    if (handler === undefined) return undefined;
    const service = message.context.shownTo === undefined ? undefined : contractOf(subject)?.service;
    return service === undefined ? answerOf(handler, message) : this.answerWhenShown(handler, message, service);
  }

  private async answerWhenShown(
    handler: MessageHandler,
    message: Message<unknown>,
    service: ServiceName,
  ): Promise<Answer<unknown>> {
    const { shownTo: position, ...context } = message.context;
    const leftMs = (): number => Math.max(0, context.deadlineMs - REFUSE_BEFORE_MS - Date.now());
    const waiting = this.messageHandlers.get(WaitForPosition(service).subject);
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, leftMs(), undefined).unref();
    try {
      for (;;) {
        const againMs = performance.now() + ASK_AGAIN_MS;
        // It waits itself; one that refuses at once is not asked again without a pause.
        const answer = await Promise.race([waiting && answerOf(waiting, { context, request: { position } }), late]);
        if (isReached(answer)) break;
        if (leftMs() === 0) return { error: notShown(service) };
        await delay(Math.min(Math.max(0, againMs - performance.now()), leftMs()));
      }
    } finally {
      clearTimeout(timer);
    }
    return answerOf(handler, message);
  }
}

const answerOf = (handler: MessageHandler, message: Message<unknown>): Promise<Answer<unknown>> =>
  handler(message).then((answer: unknown) => (isObservable(answer) ? firstValueFrom(answer) : answer)) as Promise<
    Answer<unknown>
  >;

const notShown = (service: ServiceName): DomainErrorValue =>
  new DomainError('unavailable', 'bus.not-visible-yet', `${service} does not show your last change yet`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  }).toValue();
