/** Fields of a `slurm_schedulers` document (Torc contract 2.16). */
export interface SlurmConfig {
  readonly _key: string;
  readonly _id: string;
  readonly name?: string | null;
  readonly account: string;
  readonly nodes: number;
  readonly gres?: string | null;
  readonly mem?: string | null;
  readonly tmp?: string | null;
  readonly extra?: string | null;
  readonly ntasks_per_node?: number | null;
  readonly partition?: string | null;
  readonly qos?: string | null;
  readonly walltime?: string | null;
}

/** An allocation of nodes to be asked for. */
export interface AllocationRequest {
  readonly config: SlurmConfig;
  readonly name: string;
  /** Tells allocations of one name apart. */
  readonly label: string;
  /** Program for `sh` that runs on the first node. It must hold no secrets. */
  readonly script: string;
  /** Where the program runs. */
  readonly workdir: string;
  /** Where its output goes. */
  readonly folder: string;
}

/** An allocation that is queued or runs. */
export interface Allocation {
  readonly id: string;
  readonly label: string;
  readonly isQueued: boolean;
}

/** The scheduler has refused, and nothing was done. */
export class SchedulerRefused extends Error {
  override readonly name = 'SchedulerRefused';
}

/** The scheduler did not answer: nobody knows whether it has done what was asked. */
export class SchedulerSilent extends Error {
  override readonly name = 'SchedulerSilent';
}

/** A scheduler of a cluster that gives whole allocations of nodes to programs. Its methods throw {@link SchedulerRefused} and {@link SchedulerSilent}. */
export interface BatchScheduler {
  /** Resolves with the id of the allocation. */
  submit(request: AllocationRequest): Promise<string>;
  /** Those of the allocations that have not ended; without ids, of all that the user can see. */
  find(ids?: readonly string[]): Promise<readonly Allocation[]>;
  /** Ends those of the allocations that have not ended; with `queued`, only those that have not started either. */
  cancel(ids: readonly string[], which: 'queued' | 'all'): Promise<void>;
  /** How long a running allocation has left, in seconds; `undefined` without a limit. */
  timeLeftSeconds(id: string): Promise<number | undefined>;
}
