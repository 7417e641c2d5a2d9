import { eventually } from '#platform/testing/eventually.js';

/** Status while another service is down: the change may have been made or not. */
const UNAVAILABLE = 503;

interface WithStatus {
  readonly status: number;
}

/** A client that makes one change after the other until an answer is lost, and remembers the request that it belonged to. */
export abstract class LossyClient<Operation, Answer extends WithStatus> {
  /** The request whose answer has not arrived. */
  protected pending: Operation | undefined;
  acknowledged = 0;

  /** Makes changes until an answer is lost or `signal` is aborted. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.pending ??= this.choose();
      const answer = await this.send(this.pending).catch(() => undefined);
      if (answer === undefined || answer.status === UNAVAILABLE) return;
      this.acknowledge(this.pending, answer);
    }
  }

  /** Finds out what became of the request whose answer was lost. */
  abstract settle(): Promise<void>;

  /** Compares everything that the API shows with what is expected. */
  abstract check(): Promise<void>;

  protected abstract choose(): Operation;

  protected abstract send(operation: Operation): Promise<Answer>;

  /** Throws when the answer is not what it must be; otherwise updates what is expected. */
  protected abstract accept(operation: Operation, answer: Answer): void;

  protected acknowledge(operation: Operation, answer: Answer): void {
    this.accept(operation, answer);
    this.acknowledged += 1;
    this.pending = undefined;
  }
}

/** Asks until all services that the answer needs are there. */
export const whenAvailable = <Answer extends WithStatus>(ask: () => Promise<Answer>): Promise<Answer> =>
  eventually(ask, expect.not.objectContaining({ status: UNAVAILABLE }));
