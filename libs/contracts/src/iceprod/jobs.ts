import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { ListOptions, ListPage } from '../lists.js';

/** Validated body of `POST /jobs`. */
export interface AddJobRequest {
  readonly dataset_id: string;
  readonly job_index: number;
  readonly job_id?: string;
  readonly status?: string;
  /** As of `AddTasksRequest`. */
  readonly jobs_max?: number;
}

/** Bulk creation: `count` jobs with the indexes from `first_job_index` on, without tasks. */
export interface AddJobsRequest {
  readonly dataset_id: string;
  readonly first_job_index: number;
  readonly count: number;
  readonly status?: string;
}

/** Which jobs a bulk action takes: the listed ones, or all of the dataset when no list is given. */
export interface JobSelection {
  readonly dataset_id: string;
  readonly jobs?: readonly string[];
}

export type BulkAction = 'suspend' | 'reset' | 'hard_reset';

export interface ListJobsRequest extends ListOptions {
  readonly dataset_id: string;
  readonly statuses?: readonly string[];
  readonly job_index?: number;
  readonly keys?: readonly string[];
}

export const AddJob = command<AddJobRequest, { job_id: string }>('tasks', 'job.add', [], { calledBy: ['datasets'] });
export const AddJobs = command<AddJobsRequest, { jobs: number }>('tasks', 'jobs.add');
/** With `dataset_id` the job must belong to it and the read rule is checked. Replies raw JSON. */
export const GetJob = query<{ job_id: string; dataset_id?: string }, { document: string }>('tasks', 'job.get');
/** `fields` is the body as raw JSON: merged, dotted keys set nested fields. Replies the post-image. */
export const AmendJob = command<{ job_id: string; fields: string }, { document: string }>('tasks', 'job.amend');
export const SetJobStatus = command<{ dataset_id: string; job_id: string; status: string }, Nothing>(
  'tasks',
  'job.status',
);
export const SetJobsStatus = command<{ dataset_id: string; jobs: readonly string[]; status: string }, Nothing>(
  'tasks',
  'jobs.status',
);
export const ActOnJobs = command<JobSelection & { action: BulkAction }, Nothing>('tasks', 'jobs.act', [], {
  calledBy: ['datasets'],
});
/** Entries are `"<job_id>":{...}` texts in creation order. */
export const ListJobs = query<ListJobsRequest, ListPage>('tasks', 'jobs.list', { calledBy: ['datasets'] });
/** Entries are the raw JSON of `[status, [job_id, ...]]` chunks, statuses in vocabulary order; a status may span pages. */
export const SummarizeJobs = query<{ dataset_id: string; cursor?: string }, Page>('tasks', 'jobs.summarize');
/** Replies `{status: count}` as raw JSON. */
export const CountJobs = query<{ dataset_id: string }, { document: string }>('tasks', 'jobs.count', {
  calledBy: ['datasets'],
});
/** One more than the highest index of a dataset's jobs. */
export const GetNextJobIndex = query<{ dataset_id: string }, { next_index: number }>('tasks', 'jobs.next-index', {
  calledBy: ['datasets'],
});

/** A job of a dataset and how many tasks of the dataset it has. */
export interface JobOutline {
  readonly job_id: string;
  readonly job_index: number;
  readonly tasks: number;
}

/** Jobs with an index between two, both included: by default from the last job down to the first. */
export interface OutlineJobsRequest {
  readonly dataset_id: string;
  readonly from?: number;
  readonly to?: number;
  readonly cursor?: string;
}

/** Entries are the raw JSON of a {@link JobOutline}, the highest index first. */
export const OutlineJobs = query<OutlineJobsRequest, Page>('tasks', 'jobs.outline', { calledBy: ['datasets'] });
