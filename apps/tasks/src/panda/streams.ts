import { workStream as workStreamOf } from '../workload/workloads.js';

export const PANDA = 'panda';

/** The stream that records everything of a task, or of jobs that were submitted without one. */
export const workStream = (workload: string): string => workStreamOf(PANDA, workload);
