/** Lets so many pieces of work run at a time; the others wait for their turn. */
export class AtMost {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly max: number) {}

  get isIdle(): boolean {
    return this.running === 0;
  }

  /** @param stop ends the waiting: then it rejects with the signal's reason. What has begun goes on. */
  async run<Result>(work: () => Promise<Result>, stop?: AbortSignal): Promise<Result> {
    stop?.throwIfAborted();
    if (this.running >= this.max) await this.turn(stop);
    else this.running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next one.
      const [next] = this.waiting;
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private turn(stop: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.delete(begin);
        stop?.removeEventListener('abort', giveUp);
      };
      const begin = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(stop?.reason as Error);
      };
      this.waiting.add(begin);
      stop?.addEventListener('abort', giveUp);
    });
  }
}

/** {@link AtMost} for each of many, such as callers. */
export class AtMostOfEach {
  private readonly each = new Map<string, AtMost>();

  constructor(private readonly max: number) {}

  async run<Result>(of: string, work: () => Promise<Result>, stop?: AbortSignal): Promise<Result> {
    const turns = this.each.get(of) ?? new AtMost(this.max);
    this.each.set(of, turns);
    try {
      return await turns.run(work, stop);
    } finally {
      if (turns.isIdle) this.each.delete(of);
    }
  }
}
