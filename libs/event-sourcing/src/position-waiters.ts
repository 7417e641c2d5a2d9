import type { Position } from '#ledger/ledger.js';

interface Waiter {
  readonly position: Position;
  readonly resolve: (reached: boolean) => void;
}

/** Those who wait until everything up to some position of the ledger is shown. */
export class PositionWaiters {
  private waiters: Waiter[] = [];

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
    });
  }

  /** Everything up to here is shown. */
  reached(checkpoint: Position): void {
    if (this.waiters.length === 0) return;
    const due = this.waiters.filter((waiter) => waiter.position <= checkpoint);
    if (due.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.position > checkpoint);
    for (const waiter of due) waiter.resolve(true);
  }

  close(): void {
    for (const waiter of this.waiters.splice(0)) waiter.resolve(false);
  }
}
