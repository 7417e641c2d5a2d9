import type { WorkloadId } from '../../workload/workloads.js';

/** Maximum time between requests for the jobs of one dataset, as with IceProd's cron (contract 17). */
const WAIT_MS_MAX = 10 * 60_000;

/** The state of a dataset that decides whether jobs are requested. */
export interface BufferState {
  /** Existing jobs and tasks, and submitted jobs. */
  readonly jobs: number;
  readonly tasks: number;
  readonly submitted: number;
  /** When it got its status, and when its config was set. */
  readonly sinceMicros: number;
  readonly configuredMicros: number;
}

interface Watched {
  readonly state: BufferState;
  /** When this state was first seen, or jobs were last requested. */
  readonly atMs: number;
  readonly waitMs: number;
}

const isSame = (one: BufferState, other: BufferState): boolean =>
  one.jobs === other.jobs &&
  one.tasks === other.tasks &&
  one.submitted === other.submitted &&
  one.sinceMicros === other.sinceMicros &&
  one.configuredMicros === other.configuredMicros;

/**
 * Decides when to request the missing jobs of a dataset. A dataset without jobs gets them at once. While the numbers of jobs and
 * tasks grow, a request or a person is still adding them, so it waits until they stop growing. A request without effect is
 * repeated after twice the time.
 */
export class JobBuffer {
  private readonly watched = new Map<WorkloadId, Watched>();

  /** @param restMs how long jobs and tasks must not grow */
  constructor(private readonly restMs: number) {}

  /** @returns milliseconds until jobs are to be requested, 0 for now. Undefined when none are missing. */
  dueInMs(workload: WorkloadId, state: BufferState, nowMs: number): number | undefined {
    if (state.jobs >= state.submitted) {
      this.watched.delete(workload);
      return undefined;
    }
    const before = this.watched.get(workload);
    if (before === undefined || !isSame(before.state, state)) {
      const isEmpty = state.jobs === 0 && state.tasks === 0;
      this.watched.set(workload, { state, atMs: nowMs, waitMs: this.restMs });
      return isEmpty ? 0 : this.restMs;
    }
    const leftMs = before.atMs + before.waitMs - nowMs;
    if (leftMs > 0) return leftMs;
    this.watched.set(workload, { state, atMs: nowMs, waitMs: Math.min(2 * before.waitMs, WAIT_MS_MAX) });
    return 0;
  }

  /** How long the next request has to wait if nothing changes. */
  waitMs(workload: WorkloadId): number {
    return this.watched.get(workload)?.waitMs ?? this.restMs;
  }
}
