import { workloadRef, workStream as workStreamOf } from '../workload/workloads.js';

/** Name of the dialect: in refs, streams, read models and metrics. */
export const ICEPROD = 'iceprod';

/** Ref of a dataset: names its streams. */
export const datasetRef = (datasetId: string): string => workloadRef(ICEPROD, datasetId);

/** The stream that records a dataset's jobs and tasks and what hangs on them. */
export const workStream = (datasetId: string): string => workStreamOf(ICEPROD, datasetId);
