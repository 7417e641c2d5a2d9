import { hash } from 'node:crypto';
import { RecentMap } from '#platform/recent-map.js';

/** Keys remembered at most; those that were not used lately are forgotten first. */
const KEYS_MAX = 50_000;

interface Guesses {
  readonly count: number;
  readonly untilMs: number;
}

interface GuessLimitOptions {
  /** So many wrong guesses in `lockMs` lock a key for `lockMs`. */
  readonly max: number;
  readonly lockMs: number;
  readonly nowMs?: () => number;
}

/** Clients may send words of megabytes. */
const shortened = (key: string): string => hash('sha256', key, 'base64');

/**
 * Locks a key for a while after too many wrong guesses. A guess counts as wrong from its beginning until it is known to be right, so
 * that guesses sent at the same time are not more. The counts end with the process.
 */
export class GuessLimit {
  private readonly guesses = new RecentMap<Guesses>(KEYS_MAX);
  private readonly nowMs: () => number;

  constructor(private readonly options: GuessLimitOptions) {
    this.nowMs = options.nowMs ?? Date.now;
  }

  isLocked(key: string): boolean {
    return (this.read(shortened(key))?.count ?? 0) >= this.options.max;
  }

  /** Counts a guess; false, and nothing is counted, while the key is locked. */
  begin(key: string): boolean {
    const { max, lockMs } = this.options;
    const short = shortened(key);
    const { count, untilMs } = this.read(short) ?? { count: 0, untilMs: this.nowMs() + lockMs };
    if (count >= max) return false;
    this.guesses.set(short, { count: count + 1, untilMs: count + 1 === max ? this.nowMs() + lockMs : untilMs });
    return true;
  }

  /** The last guess was not wrong. */
  takeBack(key: string): void {
    const short = shortened(key);
    const found = this.read(short);
    if (found === undefined) return;
    if (found.count > 1) this.guesses.set(short, { ...found, count: found.count - 1 });
    else this.guesses.delete(short);
  }

  forget(key: string): void {
    this.guesses.delete(shortened(key));
  }

  private read(short: string): Guesses | undefined {
    const found = this.guesses.get(short);
    if (found === undefined || this.nowMs() < found.untilMs) return found;
    this.guesses.delete(short);
    return undefined;
  }
}
