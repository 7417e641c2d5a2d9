import { eventually } from '#platform/testing/eventually.js';
import type { Random } from './random.js';

/** Status while another service is down: the change may have been made or not. */
const UNAVAILABLE = 503;

interface WithStatus {
  readonly status: number;
}

export interface LossyOperation {
  /** For what must not be sent again: finds out what became of it. */
  readonly onLoss?: () => Promise<void>;
}

/** A client that makes one change after the other until an answer is lost, and remembers the request that it belonged to. */
export abstract class LossyClient<Operation extends LossyOperation, Answer extends WithStatus> {
  /** The request whose answer has not arrived. */
  private pending: Operation | undefined;
  acknowledged = 0;

  constructor(
    protected readonly name: string,
    protected readonly random: Random,
  ) {}

  /** Makes changes until an answer is lost or `signal` is aborted. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.pending ??= this.choose();
      const answer = await this.send(this.pending).catch(() => undefined);
      if (answer === undefined || answer.status === UNAVAILABLE) return;
      this.acknowledge(this.pending, answer);
    }
  }

  /** Finds out what became of the request whose answer was lost, mostly by sending it again until it is answered. */
  async settle(): Promise<void> {
    const operation = this.pending;
    if (operation === undefined) return;
    if (operation.onLoss === undefined) {
      this.acknowledge(operation, await this.sendAgain(operation));
      return;
    }
    await operation.onLoss();
    this.pending = undefined;
  }

  /** Compares everything that the API shows with what is expected. */
  abstract check(): Promise<void>;

  protected abstract choose(): Operation;

  /** One of the operations that can be made at present. */
  protected oneOf(choices: readonly (() => Operation | undefined)[]): Operation {
    for (;;) {
      const operation = this.random.pick(choices)?.();
      if (operation !== undefined) return operation;
    }
  }

  protected abstract send(operation: Operation): Promise<Answer>;

  protected sendAgain(operation: Operation): Promise<Answer> {
    return whenAvailable(() => this.send(operation));
  }

  /** Throws when the answer is not what it must be; otherwise updates what is expected. */
  protected abstract accept(operation: Operation, answer: Answer): void;

  private acknowledge(operation: Operation, answer: Answer): void {
    this.accept(operation, answer);
    this.acknowledged += 1;
    this.pending = undefined;
  }
}

/** Asks until all services that the answer needs are there. */
export const whenAvailable = <Answer extends WithStatus>(ask: () => Promise<Answer>): Promise<Answer> =>
  eventually(ask, expect.not.objectContaining({ status: UNAVAILABLE }));
