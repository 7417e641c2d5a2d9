import { command, query } from '#bus/contract.js';
import type { Principal } from './principal.js';

/** Why a task or a job is where it is (Cairn's own API). Raw JSON; null when it is unknown. */
export const ExplainTask = query<{ readonly task_id: number }, { readonly document: string | null }>(
  'tasks',
  'panda.task.explain',
);
export const ExplainPandaJob = query<{ readonly job_id: number }, { readonly document: string | null }>(
  'tasks',
  'panda.job.explain',
);

/** Tasks of a user that have failed or ended with failures. */
export interface FailedTasksRequest {
  /** Compact name. */
  readonly user: string;
  /** Only tasks that were modified since then, in microseconds since the Unix epoch. */
  readonly since_micros: number;
  readonly principal: Principal;
}

export interface FailedTask {
  readonly task_id: number;
  readonly name: string;
  readonly status: string;
  /** Why it has failed, as far as it is known. */
  readonly reason: string | null;
  readonly files: number;
  readonly files_finished: number;
  readonly files_failed: number;
  /** Whether a retry is accepted, and what is said about it. */
  readonly can_retry: boolean;
  readonly message: string;
}

/** At most 1000, in order of their ids. */
export const FindFailedTasks = query<FailedTasksRequest, { readonly tasks: readonly FailedTask[] }>(
  'tasks',
  'panda.tasks.failed',
);

/** Retries them: one command per task, as `task/retry` registers it. Answers what {@link FindFailedTasks} would have. */
export const RetryFailedTasks = command<FailedTasksRequest, { readonly tasks: readonly FailedTask[] }>(
  'tasks',
  'panda.tasks.retry-failed',
);
