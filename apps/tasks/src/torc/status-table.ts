import { isFinal, JOB_STATUSES, type JobStatus } from '#contracts/torc/statuses.js';
import type { Phase } from '../engine/phase.js';
import type { QueueName } from '../engine/policy.js';

/** Jobs that a claim may hand out. */
export const READY_QUEUE: QueueName = 'torc.ready';

/** Outcomes of `done`. A job that a client has set to `done` has neither. */
export const OK = 'ok';
export const FAILED = 'failed';

interface StatusRow {
  readonly phase: Phase;
  /** By outcome, where it differs. */
  readonly phases?: Readonly<Record<string, Phase>>;
  readonly queue?: QueueName;
}

/** The statuses of Torc's jobs, row by row as in contract 4. Any may follow any: the operations of contract 5 decide. */
export const STATUS_TABLE: Readonly<Record<JobStatus, StatusRow>> = {
  uninitialized: { phase: 'held' },
  blocked: { phase: 'blocked' },
  ready: { phase: 'ready', queue: READY_QUEUE },
  scheduled: { phase: 'ready', queue: READY_QUEUE },
  submitted_pending: { phase: 'claimed' },
  submitted: { phase: 'running' },
  done: { phase: 'succeeded', phases: { [FAILED]: 'failed' } },
  terminated: { phase: 'failed' },
  canceled: { phase: 'cancelled' },
  disabled: { phase: 'held' },
};

const isJobStatus = (word: string): word is JobStatus => (JOB_STATUSES as readonly string[]).includes(word);

export const phaseOf = (status: string, outcome: string): Phase => {
  if (!isJobStatus(status)) return 'held';
  const { phase, phases } = STATUS_TABLE[status];
  return phases?.[outcome] ?? phase;
};

export const queueOf = (status: string): QueueName | undefined =>
  isJobStatus(status) ? STATUS_TABLE[status].queue : undefined;

/** At run time. At initialization only `done` lets dependents go on (contract 5.1). */
export const satisfies = (status: string): boolean => isFinal(status);
