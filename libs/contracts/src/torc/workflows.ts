import { command, query } from '#bus/contract.js';
import type { DocumentReply, Filters, Paging, TorcListPage } from './documents.js';

export interface WorkflowRequest {
  readonly workflow: string;
}

/** The workflow itself or one of the two documents that every workflow has. */
export type WorkflowPart = 'workflow' | 'config' | 'status';

export interface PutWorkflowRequest extends WorkflowRequest {
  readonly part: WorkflowPart;
  /** Raw JSON of the fields to replace, without `_key`, `_id`, `_rev`. */
  readonly fields: string;
  /** `_key` and `_id` that the body names; a config or status has one at least (D35). */
  readonly key?: string;
  readonly id?: string;
  /** Absent: a config or status is written without the check. */
  readonly rev?: string;
  readonly request_digest: string;
}

export interface ListWorkflowsRequest extends Paging {
  readonly filters: Filters;
  readonly sort_by?: string;
  readonly reverse_sort?: boolean;
  readonly cursor?: string;
}

/** `is_complete` of Torc contract 5.11. */
export interface Completion {
  readonly is_canceled: boolean;
  readonly is_complete: boolean;
  readonly needs_to_run_completion_script: boolean;
  /** Names the hand-out of the completion script: {@link SettleCompletionScript} must follow. */
  readonly hand_out?: string;
  /** Another caller was told to run the completion script, and it is not known yet whether that answer arrives. */
  readonly is_unsettled?: true;
}

export const GetWorkflow = query<WorkflowRequest & { readonly part: WorkflowPart }, DocumentReply>(
  'tasks',
  'torc.workflow.get',
);
export const ListWorkflows = query<ListWorkflowsRequest, TorcListPage>('tasks', 'torc.workflow.list');
/** Creates a workflow with its config and status. */
export const CreateWorkflow = command<{ readonly document: string; readonly key?: string }, DocumentReply>(
  'tasks',
  'torc.workflow.create',
);
export const PutWorkflow = command<PutWorkflowRequest, DocumentReply>('tasks', 'torc.workflow.put');
export const DeleteWorkflow = command<WorkflowRequest & { readonly client: string }, DocumentReply>(
  'tasks',
  'torc.workflow.delete',
);
/** Reads, and hands out the completion script to one caller: then it writes. */
export const CheckCompletion = command<WorkflowRequest, Completion>('tasks', 'torc.workflow.check-completion');
/** A job of a report. Times are in minutes. */
export interface ReportedJob {
  readonly job_id: string;
  readonly name: string | null;
  readonly minutes: number;
  /** When it begins, if each job of the path starts as soon as the one before has ended. */
  readonly start_minutes: number;
}

/** A kind of resource of the jobs of one group: what each may use, and the greatest measured use of one; null where nothing was measured. */
export interface ReportedUse {
  readonly requested: number;
  readonly used: number | null;
  /** Jobs that used more. */
  readonly jobs_over: number;
}

export interface ReportedGroup {
  /** Absent: jobs without a group. */
  readonly resource_requirements_id: string | null;
  readonly name: string | null;
  readonly jobs: number;
  readonly jobs_measured: number;
  readonly cpus: ReportedUse;
  readonly memory_gb: ReportedUse;
  readonly runtime_minutes: ReportedUse;
}

/** What became of a workflow. */
export interface WorkflowReport {
  readonly workflow_key: string;
  readonly name: string | null;
  readonly run_id: number;
  readonly jobs: Readonly<Record<string, number>>;
  /** The last result of each job counts. */
  readonly failed_jobs: number;
  /** Sum of the times of all jobs. */
  readonly work_minutes: number;
  /** From the first start of a job to the last end; null before. */
  readonly elapsed_minutes: number | null;
  /** The chain of jobs that block each other and took longest together: no number of workers makes the workflow faster. */
  readonly critical_path: {
    readonly minutes: number;
    readonly length: number;
    /** The longest ones, in their order. */
    readonly jobs: readonly ReportedJob[];
  };
  readonly groups: readonly ReportedGroup[];
}
/** Why nothing, or nothing more, starts in a workflow: raw JSON. */
export const ExplainTorcWorkflow = query<WorkflowRequest, DocumentReply>('tasks', 'torc.workflow.explain');
export const ReportWorkflow = query<WorkflowRequest, WorkflowReport>('tasks', 'torc.workflow.report');

/** Whether the answer that handed out the completion script has arrived (D33). */
export const SettleCompletionScript = command<
  WorkflowRequest & { readonly hand_out: string; readonly has_arrived: boolean },
  Readonly<Record<string, never>>
>('tasks', 'torc.workflow.settle-completion-script');
export const CancelWorkflow = command<WorkflowRequest, Readonly<Record<string, never>>>(
  'tasks',
  'torc.workflow.cancel',
);
export const ResetWorkflowStatus = command<WorkflowRequest, Readonly<Record<string, never>>>(
  'tasks',
  'torc.workflow.reset-status',
);
