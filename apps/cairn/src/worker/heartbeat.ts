import { setTimeout as delay } from 'node:timers/promises';

/** Repeats a message at intervals, and at once when there is news. One that fails is followed by the next. */
export class Heartbeat {
  private news = new AbortController();
  private readonly end = new AbortController();
  private loop: Promise<void> | undefined;

  /** @param beat sends the message; the signal ends it */
  constructor(
    private readonly intervalMs: number,
    private readonly beat: (signal: AbortSignal) => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  /** What the message says has changed. */
  changed(): void {
    this.news.abort();
  }

  /** Sends no more. */
  async stop(): Promise<void> {
    this.end.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const ended = (): boolean => this.end.signal.aborted;
    while (!ended()) {
      const waiting = AbortSignal.any([this.news.signal, this.end.signal]);
      await delay(this.intervalMs, undefined, { signal: waiting, ref: false }).catch(() => undefined);
      if (ended()) return;
      this.news = new AbortController();
      try {
        await this.beat(this.end.signal);
      } catch (error) {
        if (!ended()) this.onError(error);
      }
    }
  }
}
