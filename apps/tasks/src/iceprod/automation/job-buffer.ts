import type { WorkloadId } from '../../workload/workloads.js';

/** Requests for the jobs of one dataset lie at most so far apart: as far as IceProd's cron has them (contract 17). */
const WAIT_MS_MAX = 10 * 60_000;

/** What jobs are made from, and what is there. */
export interface BufferState {
  /** Jobs and tasks there are, and jobs there are to be. */
  readonly jobs: number;
  readonly tasks: number;
  readonly submitted: number;
  /** When it came to its status, and when its config was set. */
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
 * Says when the jobs that a dataset lacks are to be asked for. A dataset without jobs gets them at once. While jobs and tasks
 * grow, somebody makes them: a request under way, or people by hand; only who comes to rest is helped. A request that changed
 * nothing is made again after twice the time.
 */
export class JobBuffer {
  private readonly watched = new Map<WorkloadId, Watched>();

  /** @param restMs how long a dataset has to rest */
  constructor(private readonly restMs: number) {}

  /** @returns in how many milliseconds jobs are to be asked for: now if 0; undefined when none are lacking */
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
