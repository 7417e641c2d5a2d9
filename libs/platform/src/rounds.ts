/** Does something again and again in the background, never twice at a time. Timers do not keep the process running. */
export class Rounds {
  private first: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly round: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Set by {@link stop}: a long round ends early. */
  get isStopped(): boolean {
    return this.stopped;
  }

  start(everyMs: number, firstMs = everyMs): void {
    this.first = setTimeout(() => {
      void this.begin();
      this.timer = setInterval(() => void this.begin(), everyMs).unref();
    }, firstMs).unref();
  }

  /** Begins a round unless one is going on. Resolves when it has ended, and never rejects. */
  begin(): Promise<void> {
    this.running ??= this.round()
      .catch(this.onError)
      .finally(() => (this.running = undefined));
    return this.running;
  }

  /** Begins no further rounds, and waits for the one that is going on. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.first);
    clearInterval(this.timer);
    await this.running;
  }
}

/** Rounds of which the first failure is reported, and again the first one after a success. None is while they are being stopped. */
export const roundsReportingFirst = (round: () => Promise<unknown>, report: (error: unknown) => void): Rounds => {
  let hasFailed = false;
  const rounds = new Rounds(
    async () => {
      await round();
      hasFailed = false;
    },
    (error) => {
      if (!hasFailed && !rounds.isStopped) report(error);
      hasFailed = true;
    },
  );
  return rounds;
};
