/**
 * How a worker stops. The first signal ends the search for work: what runs gets its time and is then ended. The second
 * ends everything at once.
 */
export class Shutdown {
  private readonly stop = new AbortController();
  private readonly halt = new AbortController();
  private readonly terms = new Map<number, AbortSignal>();

  /** No more work is taken. */
  get stopping(): AbortSignal {
    return this.stop.signal;
  }

  /** Nothing may take any more time. */
  get halted(): AbortSignal {
    return this.halt.signal;
  }

  /** At the second call, everything ends at once. */
  signal(): void {
    if (this.stop.signal.aborted) this.halt.abort();
    this.stop.abort();
  }

  /** Takes no more work, as after a first signal; repeated calls change nothing. */
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
