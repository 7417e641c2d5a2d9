import { command, query } from '#bus/contract.js';
import type { Fields } from './collections.js';
import type { DocumentReply } from './documents.js';
import type { WorkflowRequest } from './workflows.js';

/** When an action of a workflow is due. Triggers on jobs wait for all of the jobs that the action names. */
export const ACTION_TRIGGERS = [
  'on_workflow_start',
  'on_workflow_complete',
  'on_jobs_ready',
  'on_jobs_complete',
] as const;
export type ActionTrigger = (typeof ACTION_TRIGGERS)[number];

/** An action of a specification. `jobs` are names, `scheduler` is `slurm_schedulers/<name>`. */
export const ACTION: Fields = {
  trigger_type: { type: { oneOf: ACTION_TRIGGERS }, required: true },
  action_type: { type: { oneOf: ['run_commands', 'schedule_nodes'] }, required: true },
  jobs: { type: { listOf: 'string' } },
  commands: { type: { listOf: 'string' } },
  scheduler: { type: 'string' },
  num_allocations: { type: 'integer' },
};

/** Body of a claim. */
export const ACTION_CLAIM: Fields = { worker: { type: 'string', required: true } };

/** Claims an action for a worker: once in each run. */
export interface ClaimActionRequest extends WorkflowRequest {
  /** Number of the action in its workflow. */
  readonly action: number;
  /** Names the worker: the same one gets the same answer again. */
  readonly worker: string;
}

/** Actions of a workflow as raw JSON, with their states in the current run. */
export const ListActions = query<WorkflowRequest, { readonly documents: readonly string[] }>(
  'tasks',
  'torc.action.list',
);
/** Refused with `state` when the action is not due, with `conflict` when another worker has it. */
export const ClaimAction = command<ClaimActionRequest, DocumentReply>('tasks', 'torc.action.claim');
