import { command } from '#bus/contract.js';

/** What a pilot offers (PanDA contract 4.2.2). The gateway has checked who may ask for which label. */
export interface AcquireJobsRequest {
  readonly site_name: string;
  readonly n_jobs: number;
  readonly prod_source_label: string | null;
  /** Megabytes; null, 0 and negative numbers are no limit. */
  readonly memory: number | null;
  readonly disk_space: number | null;
  /** Seconds. */
  readonly remaining_time: number | null;
  /** A value with `*` is a glob. */
  readonly resource_type: string | null;
  readonly task_id: number | null;
  /** Compact name of the only user whose jobs are taken. */
  readonly user: string | null;
  readonly background: boolean;
  readonly computing_element: string | null;
  readonly job_type: string | null;
  readonly node: string | null;
  readonly scheduler_id: string | null;
  readonly harvester_id: string | null;
  readonly worker_id: number | null;
}

export interface AcquiredJob {
  readonly panda_id: number;
  /** Raw JSON of the job dictionary (contract 4.2.3). */
  readonly document: string;
  /** Compact name of the user whose secrets the job gets. */
  readonly secrets_of?: string;
  /** Its pilot is to debug it, and gets what pilots need for that. */
  readonly is_debugged?: true;
}

export interface AcquireJobsReply {
  /** None: there is no job that fits. */
  readonly jobs: readonly AcquiredJob[];
}

export const AcquireJobs = command<AcquireJobsRequest, AcquireJobsReply>('tasks', 'panda.job.acquire');
