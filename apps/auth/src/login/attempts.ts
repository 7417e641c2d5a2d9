import { hash } from 'node:crypto';

/** Names remembered at most; the oldest are forgotten first. */
const NAMES_MAX = 10_000;

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

interface AttemptsOptions {
  /** Failures, each within `restMs` of the one before, after which a name rests. */
  readonly max: number;
  readonly restMs: number;
  readonly nowMs?: () => number;
}

const keyOf = (name: string): string => hash('sha256', name, 'base64');

/** Counts what fails under a name (a user's, an address), and lets a name rest under which too much does. Lost with the process. */
export class Attempts {
  /** By the hash of the name: whoever fails chooses it, and may choose one of megabytes. */
  private readonly failures = new Map<string, Failures>();
  private readonly nowMs: () => number;

  constructor(private readonly options: AttemptsOptions) {
    this.nowMs = options.nowMs ?? Date.now;
  }

  isResting(name: string): boolean {
    return this.countOf(keyOf(name)) >= this.options.max;
  }

  failed(name: string): void {
    const key = keyOf(name);
    const count = this.countOf(key) + 1;
    this.failures.delete(key);
    const oldest = this.failures.keys().next();
    if (this.failures.size >= NAMES_MAX && oldest.done !== true) this.failures.delete(oldest.value);
    this.failures.set(key, { count, untilMs: this.nowMs() + this.options.restMs });
  }

  succeeded(name: string): void {
    this.failures.delete(keyOf(name));
  }

  private countOf(key: string): number {
    const found = this.failures.get(key);
    if (found === undefined || this.nowMs() < found.untilMs) return found?.count ?? 0;
    this.failures.delete(key);
    return 0;
  }
}
