import { JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import type { Phase } from '../engine/phase.js';
import type { QueueName } from '../engine/policy.js';

/** Jobs that a pilot may get. */
export const READY_QUEUE: QueueName = 'panda.activated';

interface StatusRow {
  readonly phase: Phase;
  readonly queue?: QueueName;
}

/** The statuses of jobs, row by row as in contract 4.2.1. The deciders know which may follow which. */
export const STATUS_TABLE: Readonly<Record<JobStatus, StatusRow>> = {
  pending: { phase: 'held' },
  waiting: { phase: 'held' },
  defined: { phase: 'held' },
  assigned: { phase: 'held' },
  activated: { phase: 'ready', queue: READY_QUEUE },
  throttled: { phase: 'held' },
  sent: { phase: 'claimed' },
  starting: { phase: 'claimed' },
  running: { phase: 'running' },
  holding: { phase: 'running' },
  transferring: { phase: 'running' },
  merging: { phase: 'running' },
  finished: { phase: 'succeeded' },
  failed: { phase: 'failed' },
  cancelled: { phase: 'cancelled' },
  closed: { phase: 'cancelled' },
};

const isJobStatus = (word: string): word is JobStatus => (JOB_STATUSES as readonly string[]).includes(word);

export const phaseOf = (status: string): Phase => (isJobStatus(status) ? STATUS_TABLE[status].phase : 'held');

export const queueOf = (status: string): QueueName | undefined =>
  isJobStatus(status) ? STATUS_TABLE[status].queue : undefined;
