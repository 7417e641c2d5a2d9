/** Status words in their sort order (IceProd contract 4.2, 6, 7.2). */
export const DATASET_STATUSES = ['processing', 'suspended', 'errors', 'complete'] as const;
export const JOB_STATUSES = ['processing', 'suspended', 'errors', 'complete'] as const;
export const TASK_STATUSES = ['idle', 'waiting', 'queued', 'processing', 'suspended', 'failed', 'complete'] as const;

export type DatasetStatus = (typeof DATASET_STATUSES)[number];
export type JobStatus = (typeof JOB_STATUSES)[number];
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const isDatasetStatus = (word: string): word is DatasetStatus =>
  (DATASET_STATUSES as readonly string[]).includes(word);
