import type { WorkerResources } from '#contracts/torc/jobs.js';
import { durationSeconds, GIB } from '#contracts/torc/values.js';
import type { JobRequirements } from '../job/requirements.js';

/** A limit of an offer that keeps a job out (Torc contract 5.2 step 1). */
export interface Misfit {
  readonly name: string;
  readonly asked: number | string;
  readonly offered: number | string;
}

/** The amounts that are compared: how offers name them, what a job needs and what is offered. */
const amounts = (
  needs: JobRequirements,
  offer: WorkerResources,
): readonly (readonly [name: string, needed: number, offered: number])[] => [
  ['num_cpus', needs.num_cpus, offer.num_cpus],
  ['num_gpus', needs.num_gpus, offer.num_gpus],
  ['memory_gb', needs.memory_bytes / GIB, offer.memory_gb],
  ['num_nodes', needs.num_nodes, offer.num_nodes],
  [
    'runtime_seconds',
    needs.runtime_seconds,
    offer.time_limit === undefined ? Infinity : (durationSeconds(offer.time_limit) ?? 0),
  ],
];

/** What keeps a job from an offer; empty when it fits. */
export const misfitsOf = (needs: JobRequirements, scheduler: string, offer: WorkerResources): readonly Misfit[] => {
  const over = amounts(needs, offer)
    .filter(([name, needed, offered]) => needed > offered || (name === 'runtime_seconds' && offered < 0))
    .map(([name, asked, offered]): Misfit => ({ name, asked, offered }));
  const isOfScheduler = scheduler === '' || scheduler === offer.scheduler_config_id;
  return isOfScheduler
    ? over
    : [...over, { name: 'scheduler_config_id', asked: scheduler, offered: offer.scheduler_config_id }];
};
