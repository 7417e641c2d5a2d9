import { command } from '#bus/contract.js';
import type { Principal } from './principal.js';

/** `job/submit` (PanDA contract 6.5). */
export interface SubmitJobsRequest {
  /** Raw JSON of a list of jobs; each is a list of the attributes in their order, followed by a list of files. */
  readonly jobs: string;
  readonly principal: Principal;
}

/** What a client gets to know of a job that it has submitted. */
export interface SubmittedJob {
  readonly panda_id: number;
  readonly job_definition_id: number;
  /** Of jobs that users submit; null for those of production. */
  readonly jobset_id: number | null;
  readonly job_name: string | null;
}

export const SubmitJobs = command<SubmitJobsRequest, { readonly jobs: readonly SubmittedJob[] }>(
  'tasks',
  'panda.job.submit',
);

/** `job/reassign`: jobs that are not set up yet are set up again, if they are the caller's or the caller has the production role. */
export const ReassignJobs = command<
  { readonly job_ids: readonly number[]; readonly principal: Principal },
  { readonly reassigned: readonly number[] }
>('tasks', 'panda.job.reassign');
