import type { WorkerResources } from '#contracts/torc/jobs.js';
import { durationSeconds, GIB } from '#contracts/torc/values.js';
import type { Amounts } from '../../engine/class-index.js';
import type { ReadyClass } from '../../engine/ready.js';

/** What a worker offers, in the units of `internal`. */
export interface Offer {
  readonly cpus: number;
  readonly gpus: number;
  /** May have a fraction. */
  readonly bytes: number;
  readonly nodes: number;
  /** Infinity without a limit; negative when no time is left. */
  readonly seconds: number;
  /** Full id of its scheduler, or empty. Undefined: jobs of any scheduler are taken. */
  readonly scheduler: string | undefined;
}

/** What takes any job. */
export const EVERYTHING: Offer = {
  ...{ cpus: Infinity, gpus: Infinity, bytes: Infinity, nodes: Infinity, seconds: Infinity },
  scheduler: undefined,
};

/** Reads the body of a claim. */
export const offerOf = ({ time_limit: limit, ...resources }: WorkerResources): Offer => ({
  cpus: resources.num_cpus,
  gpus: resources.num_gpus,
  bytes: resources.memory_gb * GIB,
  nodes: resources.num_nodes,
  seconds: limit === undefined ? Infinity : (durationSeconds(limit) ?? 0),
  scheduler: resources.scheduler_config_id,
});

/** What an offer has, in the order of `needsOf`. */
export const amountsOf = ({ cpus, gpus, bytes, nodes, seconds }: Offer): Amounts => [cpus, gpus, bytes, nodes, seconds];

/** What is left when a job is taken: nodes and time are not used up. */
export const without = (left: Amounts, needs: Amounts): Amounts =>
  left.map((amount, at) => (at < 3 ? amount - (needs[at] ?? 0) : amount));

/** Whether a claim ends: neither CPUs nor memory may run out. */
export const isUsedUp = ([cpus = 0, , bytes = 0]: Amounts): boolean => cpus <= 0 || bytes <= 0;

/** A worker without a scheduler gets only jobs without one; others get these and their own. */
export const isOfScheduler = ({ site }: Pick<ReadyClass, 'site'>, { scheduler }: Pick<Offer, 'scheduler'>): boolean =>
  site === '' || scheduler === undefined || site === scheduler;
