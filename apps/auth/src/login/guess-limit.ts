import { hash } from 'node:crypto';

/** Keys remembered at most; the oldest are forgotten first. An entry takes about 150 bytes. */
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
  private readonly guesses = new Map<string, Guesses>();
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
    this.write(short, { count: count + 1, untilMs: count + 1 === max ? this.nowMs() + lockMs : untilMs });
    return true;
  }

  /** The last guess was not wrong. */
  takeBack(key: string): void {
    const short = shortened(key);
    const found = this.read(short);
    if (found === undefined) return;
    if (found.count > 1) this.write(short, { ...found, count: found.count - 1 });
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

  private write(short: string, guesses: Guesses): void {
    this.guesses.delete(short);
    const oldest = this.guesses.keys().next();
    if (this.guesses.size >= KEYS_MAX && oldest.done !== true) this.guesses.delete(oldest.value);
    this.guesses.set(short, guesses);
  }
}
