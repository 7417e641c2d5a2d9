import type { WorkerResources } from '#contracts/torc/jobs.js';
import { durationSeconds, GIB } from '#contracts/torc/values.js';
import type { ReadyKind } from './ready-jobs.js';

/** What a worker offers, in the units of `internal`. */
export interface Offer {
  readonly num_cpus: number;
  readonly num_gpus: number;
  readonly num_nodes: number;
  /** May have a fraction. */
  readonly memory_bytes: number;
  /** Infinity without a limit; negative when no time is left. */
  readonly seconds: number;
  readonly scheduler: string;
}

/** Reads the body of a claim. */
export const offerOf = ({ time_limit: limit, ...resources }: WorkerResources): Offer => ({
  num_cpus: resources.num_cpus,
  num_gpus: resources.num_gpus,
  num_nodes: resources.num_nodes,
  memory_bytes: resources.memory_gb * GIB,
  seconds: limit === undefined ? Number.POSITIVE_INFINITY : (durationSeconds(limit) ?? 0),
  scheduler: resources.scheduler_config_id,
});

/** The limits of contract 5.2 step 1 that can keep a kind of jobs out. */
export const LIMITS: Readonly<Record<string, (kind: ReadyKind, offer: Offer) => boolean>> = {
  CPUs: ({ needs }, { num_cpus }) => needs.num_cpus > num_cpus,
  GPUs: ({ needs }, { num_gpus }) => needs.num_gpus > num_gpus,
  memory: ({ needs }, { memory_bytes }) => needs.memory_bytes > memory_bytes,
  nodes: ({ needs }, { num_nodes }) => needs.num_nodes > num_nodes,
  time: ({ needs }, { seconds }) => seconds < 0 || needs.runtime_seconds > seconds,
  scheduler: ({ ready: { site } }, { scheduler }) => site !== '' && site !== scheduler,
};

const tests = Object.values(LIMITS);
/** Whether a job of this kind alone fits. */
export const fits = (kind: ReadyKind, offer: Offer): boolean => !tests.some((isOver) => isOver(kind, offer));
