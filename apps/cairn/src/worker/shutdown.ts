/**
 * Stops a worker. After the first signal it claims no more units, and running ones have a limited time to finish. The second
 * ends everything at once.
 */
export class Shutdown {
  private readonly stop = new AbortController();
  private readonly halt = new AbortController();
  private readonly terms = new Map<number, AbortSignal>();

  /** Aborted when no more units may be claimed. */
  get stopping(): AbortSignal {
    return this.stop.signal;
  }

  /** Aborted when everything must end at once. */
  get halted(): AbortSignal {
    return this.halt.signal;
  }

  /** Handles SIGTERM or SIGINT; the second call ends everything at once. */
  signal(): void {
    if (this.stop.signal.aborted) this.halt.abort();
    this.stop.abort();
  }

  /** Stops claiming, as after a first signal; repeated calls have no effect. */
  drain(): void {
    this.stop.abort();
  }

  /** Aborts this long after the stop, or after now if that was earlier; at once when halted. */
  after(ms: number): AbortSignal {
    if (this.stopping.aborted) return AbortSignal.any([this.halted, AbortSignal.timeout(ms)]);
    const known = this.terms.get(ms);
    if (known !== undefined) return known;
    const term = new AbortController();
    this.stopping.addEventListener('abort', () => void setTimeout(() => term.abort(), ms).unref(), { once: true });
    this.halted.addEventListener('abort', () => term.abort(), { once: true });
    this.terms.set(ms, term.signal);
    return term.signal;
  }
}
