import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { firstValueFrom, isObservable } from 'rxjs';
import type { Answer, Message } from './contract.js';

/**
 * What both transports have in common on the side of the services: Nest registers the `@MessagePattern` handlers here.
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

  /** @returns undefined when no handler is registered for the subject */
  handle(subject: string, message: Message<unknown>): Promise<Answer<unknown>> | undefined {
    const handler = this.messageHandlers.get(subject);
    if (handler === undefined) return undefined;
    return handler(message).then((answer: unknown) =>
      isObservable(answer) ? firstValueFrom(answer) : answer,
    ) as Promise<Answer<unknown>>;
  }
}
