import { query } from '#bus/contract.js';

/** What pollers want to know of a job (PanDA contract 6.5, 6.7). */
export interface PolledJob {
  readonly status: string;
  /** `commandToPilot`. */
  readonly command: string | null;
  readonly attempt: number;
}

/** In the order of the ids; null for unknown jobs. */
export const GetJobStates = query<
  { readonly job_ids: readonly number[] },
  { readonly jobs: readonly (PolledJob | null)[] }
>('tasks', 'panda.jobs.states');

/** Null for an unknown task. */
export const GetTaskStatus = query<{ readonly task_id: number }, { readonly status: string | null }>(
  'tasks',
  'panda.task.status',
);

/** A shell script that runs a job by hand (contract 6.5); null for an unknown job. */
export const GetOfflineScript = query<{ readonly job_id: number }, { readonly script: string | null }>(
  'tasks',
  'panda.jobs.offline-script',
);
