const WAIT_MS_MIN = 200;
const WAIT_MS_MAX = 60_000;

interface Retry {
  readonly waitMs: number;
  /** Absent while the retry runs. */
  readonly timer?: NodeJS.Timeout;
}

/** Retries workloads whose reconciliation failed, each by itself and with exponential backoff. */
export class Retries<Workload> {
  private readonly retries = new Map<Workload, Retry>();

  constructor(private readonly again: (workload: Workload) => void) {}

  failed(workload: Workload): void {
    const before = this.retries.get(workload);
    if (before?.timer !== undefined) return;
    const waitMs = before === undefined ? WAIT_MS_MIN : Math.min(2 * before.waitMs, WAIT_MS_MAX);
    const timer = setTimeout(() => {
      this.retries.set(workload, { waitMs });
      this.again(workload);
    }, waitMs).unref();
    this.retries.set(workload, { waitMs, timer });
  }

  succeeded(workload: Workload): void {
    // A partial reconciliation does not prove that what failed works now.
    if (this.retries.get(workload)?.timer === undefined) this.retries.delete(workload);
  }

  stop(): void {
    for (const { timer } of this.retries.values()) clearTimeout(timer);
  }
}
