import { command, query } from '#bus/contract.js';
import type { Fields } from './collections.js';
import type { DocumentReply } from './documents.js';
import type { WorkflowRequest } from './workflows.js';

/** When an action is due that each worker carries out for itself: before its first claim, and after its last job. */
export const WORKER_TRIGGERS = ['on_worker_start', 'on_worker_complete'] as const;
export type WorkerTrigger = (typeof WORKER_TRIGGERS)[number];

/** When an action of a workflow is due. Triggers on jobs wait for all of the jobs that the action names. */
export const ACTION_TRIGGERS = [
  'on_workflow_start',
  'on_workflow_complete',
  'on_jobs_ready',
  'on_jobs_complete',
  ...WORKER_TRIGGERS,
] as const;
export type ActionTrigger = (typeof ACTION_TRIGGERS)[number];

export const isWorkerTrigger = (trigger: string): trigger is WorkerTrigger =>
  WORKER_TRIGGERS.some((known) => known === trigger);

/** An action of a specification. `jobs` are names, `scheduler` is `slurm_schedulers/<name>`. */
export const ACTION: Fields = {
  trigger_type: { type: { oneOf: ACTION_TRIGGERS }, required: true },
  action_type: { type: { oneOf: ['run_commands', 'schedule_nodes'] }, required: true },
  jobs: { type: { listOf: 'string' } },
  /** Regular expressions of names of jobs, besides `jobs`. */
  job_name_regexes: { type: { listOf: 'string' } },
  commands: { type: { listOf: 'string' } },
  scheduler: { type: 'string' },
  num_allocations: { type: 'integer', minimum: 1, maximum: 1_000 },
  max_parallel_jobs: { type: 'integer', minimum: 1 },
  start_one_worker_per_node: { type: 'boolean' },
};

/** Body of a claim. */
export const ACTION_CLAIM: Fields = {
  worker: { type: 'string', required: true },
  lease_seconds: { type: 'number' },
};

/** Body of a report that an action was carried out. */
export const ACTION_COMPLETION: Fields = {
  worker: { type: 'string', required: true },
  successful: { type: 'boolean', default: true },
};

interface ActionRequest extends WorkflowRequest {
  /** Number of the action in its workflow. */
  readonly action: number;
  /** Names the worker: the same one gets the same answer again. */
  readonly worker: string;
}

/** Claims an action for a worker: once in each run, unless the lease of another one has ended; those of workers once for each worker. */
export interface ClaimActionRequest extends ActionRequest {
  /** Others may take the action after this time, unless the worker claims it again before. Absent: never in this run. */
  readonly lease_seconds?: number;
}

/** Tells that the worker has carried out the action that it has claimed. */
export interface CompleteActionRequest extends ActionRequest {
  readonly successful: boolean;
}

/** Actions of a workflow as raw JSON, with their states in the current run. */
export const ListActions = query<WorkflowRequest, { readonly documents: readonly string[] }>(
  'tasks',
  'torc.action.list',
);
/**
 * Refused with `state` when the action is not due, with `conflict` when another worker has it or it is carried out. Where the lease of
 * another worker has ended, the reply names it as `taken_from`.
 */
export const ClaimAction = command<ClaimActionRequest, DocumentReply>('tasks', 'torc.action.claim');
/** Refused with `conflict` when the worker does not have the action. */
export const CompleteAction = command<CompleteActionRequest, DocumentReply>('tasks', 'torc.action.complete');
