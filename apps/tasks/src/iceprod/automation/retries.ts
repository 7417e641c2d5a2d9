import type { WorkloadId } from '../../workload/workloads.js';

const WAIT_MS_MIN = 200;
const WAIT_MS_MAX = 60_000;

interface Retry {
  readonly waitMs: number;
  /** Absent while it is tried. */
  readonly timer?: NodeJS.Timeout;
}

/** Says when a workload with which something went wrong is to be tried again: each by itself, each time after twice the time. */
export class Retries {
  private readonly retries = new Map<WorkloadId, Retry>();

  constructor(private readonly again: (workload: WorkloadId) => void) {}

  failed(workload: WorkloadId): void {
    const before = this.retries.get(workload);
    if (before?.timer !== undefined) return;
    const waitMs = before === undefined ? WAIT_MS_MIN : Math.min(2 * before.waitMs, WAIT_MS_MAX);
    const timer = setTimeout(() => {
      this.retries.set(workload, { waitMs });
      this.again(workload);
    }, waitMs).unref();
    this.retries.set(workload, { waitMs, timer });
  }

  succeeded(workload: WorkloadId): void {
    // A look at less than what has failed settles nothing.
    if (this.retries.get(workload)?.timer === undefined) this.retries.delete(workload);
  }

  stop(): void {
    for (const { timer } of this.retries.values()) clearTimeout(timer);
  }
}
