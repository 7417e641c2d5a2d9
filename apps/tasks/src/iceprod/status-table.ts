import type { Phase } from '../engine/phase.js';
import type { QueueName } from '../engine/policy.js';
import { TASK_STATUSES, type TaskStatus } from '#contracts/iceprod/statuses.js';

/** Tasks for `queue` and `queue_many`, and tasks for the pilots' `process`. */
export const WAITING_QUEUE: QueueName = 'iceprod.waiting';
export const PILOT_QUEUE: QueueName = 'iceprod.pilots';

interface StatusRow {
  readonly phase: Phase;
  /** Statuses that a checked change may set (contract 7.2). */
  readonly next: readonly TaskStatus[];
}

/** The status machine of IceProd tasks, row by row as in contract 7.2. */
export const STATUS_TABLE: Readonly<Record<TaskStatus, StatusRow>> = {
  idle: { phase: 'held', next: ['waiting', 'suspended'] },
  waiting: { phase: 'ready', next: ['queued', 'idle', 'suspended'] },
  queued: { phase: 'claimed', next: ['processing', 'idle', 'waiting', 'suspended', 'failed', 'complete'] },
  processing: { phase: 'running', next: ['idle', 'waiting', 'queued', 'suspended', 'failed', 'complete'] },
  suspended: { phase: 'held', next: ['idle', 'waiting'] },
  failed: { phase: 'failed', next: ['idle', 'waiting'] },
  complete: { phase: 'succeeded', next: [] },
};

/** A legacy status: as a target it means `idle`, as a filter it matches nothing (contract 7.3). */
export const RESET_ALIAS = 'reset';

export const isTaskStatus = (word: string): word is TaskStatus => (TASK_STATUSES as readonly string[]).includes(word);

/** Whether a checked change is allowed. No change is allowed from an unknown status. */
export const mayMove = (from: string, to: TaskStatus): boolean =>
  isTaskStatus(from) && STATUS_TABLE[from].next.includes(to);

/** A report of contract 7.6: the statuses in which it is accepted, and the new status. */
interface ReportRow {
  readonly from: readonly string[];
  readonly to: TaskStatus;
}

export const REPORT_TABLE: Readonly<Record<'processing' | 'reset' | 'failed' | 'complete', ReportRow>> = {
  processing: { from: ['queued'], to: 'processing' },
  reset: { from: ['idle', 'queued', 'processing', 'suspended', 'failed'], to: 'waiting' },
  failed: { from: ['queued', 'processing'], to: 'failed' },
  complete: { from: ['queued', 'processing'], to: 'complete' },
};

/** A bulk action of contract 7.3. Without `from` it changes every task. */
interface ActionRow {
  readonly from?: readonly string[];
  readonly to: TaskStatus;
  readonly clears: readonly ('lease' | 'failures' | 'site')[];
}

export const ACTION_TABLE: Readonly<Record<'suspend' | 'reset' | 'hard_reset', ActionRow>> = {
  suspend: { from: ['idle', 'waiting', 'queued', 'processing'], to: 'suspended', clears: ['lease'] },
  reset: { from: ['waiting', 'queued', 'processing', 'suspended', 'failed'], to: 'idle', clears: ['lease'] },
  hard_reset: { to: 'idle', clears: ['lease', 'failures', 'site'] },
};
