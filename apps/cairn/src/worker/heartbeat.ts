import { setTimeout as delay } from 'node:timers/promises';

/** Sends a message at intervals, and at once after a change. After a failure it continues with the next message. */
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

  /** The content of the message has changed: sends it at once. */
  changed(): void {
    this.news.abort();
  }

  /** Stops sending. */
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
