import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { WorkflowRequest } from './workflows.js';

export interface InitializeJobsRequest extends WorkflowRequest {
  readonly only_uninitialized: boolean;
  readonly clear_ephemeral_user_data: boolean;
}

/** Torc contract 5.1. */
export const InitializeJobs = command<InitializeJobsRequest, Nothing>('tasks', 'torc.graph.initialize');
/** Torc contract 5.6: keys of jobs. */
export const ProcessChangedInputs = command<
  WorkflowRequest & { readonly dry_run: boolean },
  { readonly keys: readonly string[] }
>('tasks', 'torc.graph.process-changed-inputs');
/** Torc contract 5.9. */
export const ResetJobs = command<WorkflowRequest & { readonly failed_only: boolean }, Nothing>(
  'tasks',
  'torc.graph.reset-jobs',
);
/** Not Torc's: some jobs, to be reset in the current run together with what comes after them. */
export interface RestartRequest extends WorkflowRequest {
  /** Keys or full ids. */
  readonly jobs: readonly string[];
  /** Whether they become ready or blocked at once; else uninitialized. */
  readonly initialize: boolean;
  readonly dry_run: boolean;
}
/** Keys of all jobs that are reset, and of those among them that run: a dry run tells, else the command is refused. */
export const RestartJobs = command<
  RestartRequest,
  { readonly keys: readonly string[]; readonly running: readonly string[] }
>('tasks', 'torc.graph.restart');
/** Torc contract 5.7: keys of user data. */
export const ListMissingUserData = query<WorkflowRequest, { readonly keys: readonly string[] }>(
  'tasks',
  'torc.graph.missing-user-data',
);
/** Torc contract 5.7: full ids of files. */
export const ListRequiredFiles = query<WorkflowRequest, { readonly ids: readonly string[] }>(
  'tasks',
  'torc.graph.required-files',
);
/** Torc contract 5.12. */
export const EnableAutoTune = command<WorkflowRequest, Nothing>('tasks', 'torc.graph.enable-auto-tune');
export const ProcessAutoTune = command<WorkflowRequest, Nothing>('tasks', 'torc.graph.process-auto-tune');
/** What all ready jobs need together (Torc contract 5.17). */
export interface ReadyRequirements {
  readonly num_jobs: number;
  readonly num_cpus: number;
  readonly num_gpus: number;
  readonly memory_gb: number;
  readonly max_num_nodes: number;
  readonly max_runtime: string;
}

/** An empty `scheduler_config_id` asks for jobs without a scheduler. */
export const GetReadyRequirements = query<
  WorkflowRequest & { readonly scheduler_config_id?: string },
  ReadyRequirements
>('tasks', 'torc.graph.ready-requirements');
export type DotGraphName = 'job_job_dependencies' | 'job_file_dependencies' | 'job_user_data_dependencies';
/** Torc contract 5.14: lines of DOT text. */
export const GetDotGraph = query<WorkflowRequest & { readonly name: DotGraphName; readonly cursor?: string }, Page>(
  'tasks',
  'torc.graph.dot',
);
