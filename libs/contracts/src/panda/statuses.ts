/** Statuses of jobs (PanDA contract 4.2.1), from the first to the last. */
export const JOB_STATUSES = [
  'pending',
  'waiting',
  'defined',
  'assigned',
  'activated',
  'throttled',
  'sent',
  'starting',
  'running',
  'holding',
  'transferring',
  'merging',
  'finished',
  'failed',
  'cancelled',
  'closed',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Jobs of these statuses are archived. All others are active. */
export const FINAL_JOB_STATUSES = ['finished', 'failed', 'cancelled', 'closed'] as const;
export type FinalJobStatus = (typeof FINAL_JOB_STATUSES)[number];

export const isFinalJob = (status: string): status is FinalJobStatus =>
  (FINAL_JOB_STATUSES as readonly string[]).includes(status);

/** What pilots may report (contract 4.2.4). */
export const REPORTED_STATUSES = ['starting', 'running', 'holding', 'transferring', 'finished', 'failed'] as const;
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

/** Statuses of tasks (contract 4.1.1). */
export const TASK_STATUSES = [
  ...(['registered', 'topreprocess', 'preprocessing', 'defined', 'staging', 'staged', 'assigning', 'ready'] as const),
  ...(['pending', 'scouting', 'scouted', 'running', 'throttled', 'merging', 'prepared', 'done', 'finished'] as const),
  ...(['failed', 'aborting', 'toabort', 'aborted', 'finishing', 'passed', 'tobroken', 'broken', 'exhausted'] as const),
  ...(['paused', 'toretry', 'toincexec', 'rerefine', 'toreassign', 'reassigning'] as const),
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const FINAL_TASK_STATUSES = ['done', 'finished', 'failed', 'aborted', 'broken'] as const;

export type FinalTaskStatus = (typeof FINAL_TASK_STATUSES)[number];

export const isFinalTask = (status: string): status is FinalTaskStatus =>
  (FINAL_TASK_STATUSES as readonly string[]).includes(status);

/** Statuses of a task's files (contract 4.4). */
export type TaskFileStatus =
  | ('ready' | 'picked' | 'running' | 'finished' | 'failed' | 'cancelled' | 'defined' | 'nooutput' | 'merging')
  | ('pending' | 'staging' | 'lost' | 'missing' | 'duplicated');

/** Codes of event ranges by name (contract 4.3). */
export const RANGE_CODES = {
  ready: 0,
  sent: 1,
  running: 2,
  finished: 3,
  cancelled: 4,
  discarded: 5,
  done: 6,
  failed: 7,
  fatal: 8,
  merged: 9,
  corrupted: 10,
  reserved_fail: 98,
  reserved_get: 99,
} as const;
export type RangeStatus = keyof typeof RANGE_CODES;

/** Statuses of harvester's workers (contract 4.5). */
export const FINAL_WORKER_STATUSES = ['finished', 'failed', 'cancelled', 'missed'] as const;
export const WORKER_STATUSES = [
  ...(['to_submit', 'submitted', 'ready', 'running', 'idle', 'pending'] as const),
  ...FINAL_WORKER_STATUSES,
] as const;
export type WorkerStatus = (typeof WORKER_STATUSES)[number];

export const isFinalWorker = (status: string): boolean => (FINAL_WORKER_STATUSES as readonly string[]).includes(status);
