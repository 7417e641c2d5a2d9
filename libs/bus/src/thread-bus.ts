import type { MessagePort } from 'node:worker_threads';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import type { HealthReport } from '#platform/health.js';
import { Bus } from './bus.js';
import type { Contract, MessageContext } from './contract.js';
import { Outbox } from './outbox.js';

/** A message for a service. */
export interface ThreadMessage {
  readonly subject: string;
  readonly request: unknown;
  readonly context: MessageContext;
  readonly isLaterPage: boolean;
}

/** What the gateway's thread asks of the process that it is part of. */
export interface ProcessQuestions {
  readonly health: () => Promise<HealthReport>;
  /** Answered when the event loop gets to it. */
  readonly turn: () => Promise<void>;
  /** In Prometheus' text form. */
  readonly metrics: () => Promise<string>;
  /** A promise was rejected in the gateway's thread that nobody awaits. */
  readonly strayRejection: () => Promise<void>;
}

/** From the gateway's thread. */
export type ThreadRequest = { readonly id: number } & (ThreadMessage | { readonly question: keyof ProcessQuestions });

/** To the gateway's thread. */
export interface ThreadAnswer {
  readonly id: number;
  readonly answer: { readonly reply: unknown } | { readonly error: DomainErrorValue };
}

const UNSENDABLE = new DomainError('internal', 'bus.unsendable', 'the request could not be sent').toValue();

/**
 * Sends the messages of the gateway's thread to the thread of the services, where {@link serveThread} answers them. Deadlines, changes that
 * do not show yet, and the counting of messages are the other side's.
 */
export class ThreadBus extends Bus {
  private readonly outbox: Outbox<ThreadRequest>;
  private readonly waiting = new Map<number, (answer: ThreadAnswer['answer']) => void>();
  private lastId = 0;

  constructor(port: MessagePort) {
    super();
    this.outbox = new Outbox(port, ({ id }) => this.settle({ id, answer: { error: UNSENDABLE } }));
    port.on('message', (answers: readonly ThreadAnswer[]) => {
      for (const answer of answers) this.settle(answer);
    });
  }

  override request<Request, Reply>(
    { subject }: Contract<Request, Reply>,
    request: Request,
    context: MessageContext,
    isLaterPage = false,
  ): Promise<Reply> {
    // The contract ties subject and reply together at both ends.
    return this.send({ subject, request, context, isLaterPage }) as Promise<Reply>;
  }

  ask<Question extends keyof ProcessQuestions>(question: Question): ReturnType<ProcessQuestions[Question]> {
    return this.send({ question }) as ReturnType<ProcessQuestions[Question]>;
  }

  private send(message: ThreadMessage | { readonly question: keyof ProcessQuestions }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.lastId += 1;
      const id = this.lastId;
      this.waiting.set(id, (answer) => {
        if ('error' in answer) reject(DomainError.from(answer.error));
        else resolve(answer.reply);
      });
      this.outbox.send({ id, ...message });
    });
  }

  private settle({ id, answer }: ThreadAnswer): void {
    const settle = this.waiting.get(id);
    this.waiting.delete(id);
    settle?.(answer);
  }
}
