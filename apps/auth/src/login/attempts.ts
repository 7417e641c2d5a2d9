import { hash } from 'node:crypto';

/** Names remembered at most; the oldest are forgotten first. */
const NAMES_MAX = 10_000;

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

interface AttemptsOptions {
  /** A name is locked after so many failures, each within `lockMs` of the one before. */
  readonly max: number;
  readonly lockMs: number;
  readonly nowMs?: () => number;
}

const keyOf = (name: string): string => hash('sha256', name, 'base64');

/** Locks a name (of a user, or a network address) for a while after too many failures. The counts end with the process. */
export class Attempts {
  /** By the hash of the name, because a client may send a name of megabytes. */
  private readonly failures = new Map<string, Failures>();
  private readonly nowMs: () => number;

  constructor(private readonly options: AttemptsOptions) {
    this.nowMs = options.nowMs ?? Date.now;
  }

  isLocked(name: string): boolean {
    return this.countOf(keyOf(name)) >= this.options.max;
  }

  failed(name: string): void {
    const key = keyOf(name);
    const count = this.countOf(key) + 1;
    this.failures.delete(key);
    const oldest = this.failures.keys().next();
    if (this.failures.size >= NAMES_MAX && oldest.done !== true) this.failures.delete(oldest.value);
    this.failures.set(key, { count, untilMs: this.nowMs() + this.options.lockMs });
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
