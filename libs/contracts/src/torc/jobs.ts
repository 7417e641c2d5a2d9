import { command, type Page, query } from '#bus/contract.js';
import type { DocumentReply, Paging, TorcListPage } from './documents.js';
import type { WorkflowRequest } from './workflows.js';

export interface JobRequest extends WorkflowRequest {
  readonly key: string;
}

/** A job to add; relations are full ids, already checked to be of this workflow and of the right collections. */
export interface NewJob {
  /** Raw JSON of its document without status, relations, `_key`, `_id`, `_rev`; `internal` may be in it. */
  readonly document: string;
  readonly key?: string;
  readonly status: string;
  readonly input_files: readonly string[];
  readonly output_files: readonly string[];
  readonly input_user_data: readonly string[];
  readonly output_user_data: readonly string[];
  readonly blocked_by: readonly string[];
  readonly resource_requirements?: string;
  readonly scheduler?: string;
}

/** What a worker offers, as in Torc contract 2.6. */
export interface WorkerResources {
  readonly num_cpus: number;
  readonly memory_gb: number;
  readonly num_gpus: number;
  readonly num_nodes: number;
  readonly time_limit?: string;
  readonly scheduler_config_id: string;
}

export type SortMethod = 'gpus_runtime_memory' | 'gpus_memory_runtime' | 'none';

export interface AttemptRequest extends JobRequest {
  readonly rev: string;
  readonly run_id: number;
  readonly compute_node: string;
  /** Digest of path and body: recognizes a repeat (D12). */
  readonly request_digest: string;
}

export const AddJob = command<WorkflowRequest & { readonly job: NewJob }, DocumentReply>('tasks', 'torc.job.add');
/** Body of `bulk_jobs` as it came: all or none. The added jobs are then listed with {@link ListAddedJobs}. */
export const AddJobs = command<
  WorkflowRequest & { readonly body: string },
  { readonly first: number; readonly last: number }
>('tasks', 'torc.job.add-many');
/** The jobs of an answer of {@link AddJobs}, in the order sent. */
export const ListAddedJobs = query<
  WorkflowRequest & { readonly first: number; readonly last: number; readonly cursor?: string },
  Page
>('tasks', 'torc.job.list-added');
/** Keys of all jobs, as JSON strings. */
export const ListJobKeys = query<WorkflowRequest & { readonly cursor?: string }, Page>('tasks', 'torc.job.list-keys');
export interface ListRelatedRequest extends JobRequest, Paging {
  readonly relation: 'jobs that need' | 'downstream' | 'produces' | 'stores' | 'consumes';
  readonly cursor?: string;
}

/** Jobs that need a file, all that come after a job, files that a job produces, user data that it stores or consumes. */
export const ListRelated = query<ListRelatedRequest, TorcListPage>('tasks', 'torc.job.list-related');
/** Raw JSON of the job's group, or of the default group. */
export const GetJobRequirements = query<JobRequest, DocumentReply>('tasks', 'torc.job.requirements');
/** Replies the edge. */
export const SetJobRequirements = command<JobRequest & { readonly group: string }, DocumentReply>(
  'tasks',
  'torc.job.set-requirements',
);
/** Documents sorted by run. */
export const ListProcessStats = query<JobRequest & { readonly cursor?: string }, Page>(
  'tasks',
  'torc.job.process-stats',
);
export const AddJobUserData = command<
  JobRequest & { readonly document: string; readonly userDataKey?: string },
  DocumentReply
>('tasks', 'torc.job.add-user-data');
/** The newest result of the current run. */
export const GetJobResult = query<JobRequest, DocumentReply>('tasks', 'torc.job.result');

/** Why a job is not running: raw JSON. */
export const ExplainJob = query<JobRequest, DocumentReply>('tasks', 'torc.job.explain');

/** Torc contract 5.4. */
export const StartJob = command<AttemptRequest, DocumentReply>('tasks', 'torc.job.start');

export interface CompleteJobRequest extends AttemptRequest {
  readonly status: string;
  /** Raw JSON of the body, validated. */
  readonly result: string;
}

/** Torc contract 5.5. */
export const CompleteJob = command<CompleteJobRequest, DocumentReply>('tasks', 'torc.job.complete');

export interface ManageJobStatusRequest extends JobRequest {
  readonly status: string;
  readonly rev: string;
  readonly run_id: number;
}

/** Torc contract 5.10. */
export const ManageJobStatus = command<ManageJobStatusRequest, DocumentReply>('tasks', 'torc.job.manage-status');

export interface ClaimJobsRequest extends WorkflowRequest {
  readonly resources: WorkerResources;
  readonly sort_method: SortMethod;
  readonly limit: number;
}

/** Jobs that a claim hands out, as clients get them. */
export interface ClaimReply {
  readonly documents: readonly string[];
  /** Why there are none; empty otherwise. */
  readonly reason: string;
}
/** Torc contract 5.2. */
export const ClaimJobs = command<ClaimJobsRequest, ClaimReply>('tasks', 'torc.job.claim');
/** Torc contract 5.8. */
export const ClaimNextJobs = command<WorkflowRequest & { readonly limit: number }, ClaimReply>(
  'tasks',
  'torc.job.claim-next',
);
/** Torc contract 5.8: raw JSON of `schedule_compute_nodes` of each job. */
export const ScheduleJobs = command<WorkflowRequest, { readonly schedulers: readonly string[] }>(
  'tasks',
  'torc.job.schedule',
);
