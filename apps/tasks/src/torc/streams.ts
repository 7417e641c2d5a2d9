import { workStream as workStreamOf } from '../workload/workloads.js';

export const TORC = 'torc';

/** The stream that records everything of a workflow. */
export const workStream = (workflow: string): string => workStreamOf(TORC, workflow);
