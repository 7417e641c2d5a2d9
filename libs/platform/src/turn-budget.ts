import { nextLoopTurn } from './loop-turn.js';

/** Computations take turns with the rest of the process: after so long, the others wait for the next turn of the event loop. */
const TURN_MS = 5;

/** Spreads short computations over turns of the event loop. */
export class TurnBudget {
  private spentMs = 0;

  /** Runs a computation in this turn if there is time left, or else in a later one. */
  async run<Result>(work: () => Result): Promise<Result> {
    while (this.spentMs >= TURN_MS) await nextLoopTurn();
    if (this.spentMs === 0) setImmediate(() => (this.spentMs = 0));
    const startMs = performance.now();
    try {
      return work();
    } finally {
      this.spentMs += Math.max(Number.EPSILON, performance.now() - startMs);
    }
  }
}
