import { HISTORY_START, type HistoryCursor } from '#event-sourcing/history-cursor.js';
import type { Position } from '#ledger/ledger.js';
import { Waiter } from '#ledger/waiter.js';
import type { FeedTail } from './feed-tail.js';

/** Waits for events of one stream of the history, of which it says only that there are some. */
export class StreamWatch implements Disposable {
  private readonly waiter = new Waiter();
  /** Everything up to here has been told of. */
  private place: HistoryCursor | undefined;

  /** @param end ends every wait */
  constructor(
    private readonly tail: Pick<FeedTail, 'join' | 'leave' | 'behind' | 'end' | 'isInterrupted'>,
    private readonly stream: string,
    private readonly end: AbortSignal,
  ) {
    end.addEventListener('abort', this.waiter.wake);
    tail.join(this.waiter.wake);
  }

  [Symbol.dispose](): void {
    this.end.removeEventListener('abort', this.waiter.wake);
    this.tail.leave(this.waiter.wake);
  }

  /**
   * Resolves with the place up to which there may be events that were not told of, as soon as there may be some; with nothing after the time, or at
   * the end. While nothing is heard of the feed, there may be some after the time, up to a place that nobody knows: the start stands for it.
   */
  async wait(withinMs: number): Promise<HistoryCursor | undefined> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      if (this.hasNews()) return this.place;
      const leftMs = untilMs - performance.now();
      if (this.end.aborted) return undefined;
      if (leftMs <= 0) return this.tail.isInterrupted ? HISTORY_START : undefined;
      await this.waiter.wait(leftMs);
    }
  }

  /** What of the way to a place there is: when an older ledger was restored meanwhile, nobody shows what was behind its end. */
  reached({ at }: HistoryCursor): Position {
    return Math.min(at, this.tail.end?.at ?? at);
  }

  private hasNews(): boolean {
    for (;;) {
      const page = this.place && this.tail.behind(this.place);
      if (page === undefined) {
        // Nobody knows what was between the two.
        this.place = this.tail.end;
        return this.place !== undefined;
      }
      this.place = page.upTo;
      if (page.entries.length === 0) return false;
      if (page.entries.some(({ stream }) => stream === this.stream)) return true;
    }
  }
}
