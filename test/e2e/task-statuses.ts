/** The statuses of tasks, in the order of the contract. */
export const TASK_STATUSES = ['idle', 'waiting', 'queued', 'processing', 'suspended', 'failed', 'complete'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Where a task of each status may go (contract 7.2). */
export const TASK_MOVES: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  idle: ['waiting', 'suspended'],
  waiting: ['queued', 'idle', 'suspended'],
  queued: ['processing', 'idle', 'waiting', 'suspended', 'failed', 'complete'],
  processing: ['idle', 'waiting', 'queued', 'suspended', 'failed', 'complete'],
  suspended: ['idle', 'waiting'],
  failed: ['idle', 'waiting'],
  complete: [],
};
