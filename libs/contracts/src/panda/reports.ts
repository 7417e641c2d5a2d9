import { command } from '#bus/contract.js';

/** What a pilot or harvester says of a job (PanDA contract 6.7, `update_job`). */
export interface JobReport {
  readonly job_id: number;
  /** One of `REPORTED_STATUSES`. */
  readonly job_status: string;
  readonly attempt_nr: number | null;
  /** The other parameters as they were sent, under the names of the new API. A bad value is dropped, never an error (trap 27). */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface JobReportReply {
  /** `NULL` when there is none; never empty (trap 2). */
  readonly command: string;
}

/** What became of one report of many. */
export type BulkReportReply = JobReportReply | { readonly problem: string };

export const UpdateJob = command<JobReport, JobReportReply>('tasks', 'panda.job.update');

/** The answers are in the order of the reports. One that cannot be stored does not fail the others. */
export const UpdateJobs = command<
  { readonly reports: readonly JobReport[] },
  { readonly replies: readonly BulkReportReply[] }
>('tasks', 'panda.job.update-many');
