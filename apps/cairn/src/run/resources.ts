import type { WorkerResources } from '#contracts/torc/jobs.js';
import { GIB } from '#contracts/torc/values.js';
import type { TorcJob } from './torc-documents.js';

/** What the jobs of a runner may take together. */
export interface Offer {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

/** Body of a claim; without a scheduler it asks for jobs that have none. */
export type OfferedResources = Omit<WorkerResources, 'scheduler_config_id'> &
  Partial<Pick<WorkerResources, 'scheduler_config_id'>>;

/** Keeps account of what claimed jobs take of an offer. */
export class Resources {
  private cpus: number;
  private memoryBytes: number;
  private gpus: number;

  constructor(
    offer: Offer,
    private readonly ofCluster?: { readonly schedulerConfigId: string; readonly nodes: number },
  ) {
    ({ cpus: this.cpus, memoryBytes: this.memoryBytes, gpus: this.gpus } = offer);
  }

  /** Whether a claim may give anything: jobs need a processor and memory (Torc contract 5.2). */
  get isUsedUp(): boolean {
    return this.cpus <= 0 || this.memoryBytes <= 0;
  }

  /** Whether a claim may give this job (Torc contract 5.2, step 1). */
  fits({ internal }: TorcJob, secondsLeft: number | undefined): boolean {
    return (
      internal.num_cpus <= this.cpus &&
      internal.memory_bytes <= this.memoryBytes &&
      internal.num_gpus <= this.gpus &&
      internal.num_nodes <= (this.ofCluster?.nodes ?? 1) &&
      internal.runtime_seconds <= (secondsLeft ?? Infinity) &&
      ['', this.ofCluster?.schedulerConfigId].includes(internal.scheduler_config_id)
    );
  }

  take({ internal }: TorcJob): void {
    this.add(internal, -1);
  }

  giveBack({ internal }: TorcJob): void {
    this.add(internal, 1);
  }

  /** What is left, as a claim offers it. */
  left(secondsLeft: number | undefined): OfferedResources {
    return {
      num_cpus: this.cpus,
      memory_gb: this.memoryBytes / GIB,
      num_gpus: this.gpus,
      num_nodes: this.ofCluster?.nodes ?? 1,
      ...(this.ofCluster !== undefined && { scheduler_config_id: this.ofCluster.schedulerConfigId }),
      ...(secondsLeft !== undefined && { time_limit: isoDuration(secondsLeft) }),
    };
  }

  private add({ num_cpus, memory_bytes, num_gpus }: TorcJob['internal'], times: 1 | -1): void {
    this.cpus += times * num_cpus;
    this.memoryBytes += times * memory_bytes;
    this.gpus += times * num_gpus;
  }
}

/** `PT12.5S`; negative when the time is over (Torc contract 1.9). */
export const isoDuration = (seconds: number): string => `${seconds < 0 ? '-' : ''}PT${Math.abs(seconds).toFixed(3)}S`;
