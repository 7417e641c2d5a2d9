import { workStream as workStreamOf } from '../workload/workloads.js';

export const PANDA = 'panda';

/** The stream that records everything of a task, or of jobs that were submitted without one. */
export const workStream = (workload: string): string => workStreamOf(PANDA, workload);

/** The task whose jobs a workload has; undefined when they were submitted without one. */
export const taskIdOf = (workload: string): number | undefined =>
  /^\d+$/u.test(workload) ? Number(workload) : undefined;

/** The workload of jobs that were submitted without a task. */
export const submissionOf = (firstPandaId: number): string => `jobs-${firstPandaId}`;
