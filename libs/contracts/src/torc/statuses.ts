/** Statuses of a job (Torc contract 4). */
export const JOB_STATUSES = [
  'uninitialized',
  'blocked',
  'ready',
  'scheduled',
  'submitted_pending',
  'submitted',
  'done',
  'terminated',
  'canceled',
  'disabled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Statuses that a job ends in: what depends on it may then go on, at run time. */
export const FINAL_STATUSES = ['done', 'terminated', 'canceled'] as const satisfies readonly JobStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

export const isFinal = (status: string): status is FinalStatus =>
  (FINAL_STATUSES as readonly string[]).includes(status);
