import type { Position } from '#ledger/ledger.js';

interface Waiter {
  readonly position: Position;
  readonly resolve: (reached: boolean) => void;
}

/** Callers that wait until everything up to some position of the ledger is shown. */
export class PositionWaiters {
  private waiters: Waiter[] = [];
  private closed = false;
  private onWait: (() => void) | undefined;

  /** Resolves with true when the position is reached, with false after the timeout or at the close. */
  wait(position: Position, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        position,
        resolve: (reached) => {
          clearTimeout(timer);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(false);
      }, timeoutMs);
      this.waiters.push(waiter);
      this.onWait?.();
    });
  }

  /** Resolves as soon as anybody waits, at the latest after the timeout. One caller at a time. */
  async whenAwaited(timeoutMs: number): Promise<void> {
    if (this.waiters.length > 0 || this.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onWait = undefined;
  }

  /** Ends the waits up to here: everything up to this position is shown. */
  advance(checkpoint: Position): void {
    if (this.waiters.length === 0) return;
    const due = this.waiters.filter((waiter) => waiter.position <= checkpoint);
    if (due.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.position > checkpoint);
    for (const waiter of due) waiter.resolve(true);
  }

  close(): void {
    this.closed = true;
    this.onWait?.();
    for (const waiter of this.waiters.splice(0)) waiter.resolve(false);
  }
}
