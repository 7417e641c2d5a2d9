import { nextLoopTurn } from '#platform/loop-turn.js';

/** Longest time that work keeps the event loop, with some room below the 10 ms that the design allows. */
const SLICE_MS = 7;

/** Cuts long synchronous work into slices, between which the event loop turns. One object per piece of work. */
export class Slices {
  private startedMs = performance.now();

  /** Whether the present slice has used its time. Costs 50 ns, so that it can be asked per event. */
  get spent(): boolean {
    return performance.now() - this.startedMs >= SLICE_MS;
  }

  async pause(): Promise<void> {
    await nextLoopTurn();
    this.startedMs = performance.now();
  }

  /** Runs a generator to its end; its yields are the places where a slice may end. Short work, as most is, gives its result at once. */
  drive<Result>(work: Generator<void, Result, void>): Result | Promise<Result> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (this.spent) return this.driveOn(work);
    }
  }

  private async driveOn<Result>(work: Generator<void, Result, void>): Promise<Result> {
    await this.pause();
    return this.drive(work);
  }
}

export const isGenerator = <Result>(
  value: Result | Generator<void, Result, void>,
): value is Generator<void, Result, void> =>
  typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function';
