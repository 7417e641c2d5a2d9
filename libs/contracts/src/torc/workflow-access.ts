import { command, query } from '#bus/contract.js';
import type { Fields } from './collections.js';
import type { WorkflowRequest } from './workflows.js';

/** Who may use a workflow: these users and the members of these groups; everyone when both lists are empty. */
export interface WorkflowAccess {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Not Torc's. */
export const WORKFLOW_ACCESS: Fields = {
  users: { type: { listOf: 'string' }, default: [] },
  groups: { type: { listOf: 'string' }, default: [] },
};

export const GetWorkflowAccess = query<WorkflowRequest, WorkflowAccess>('tasks', 'torc.access.get');
/** Replaces both lists. Who limits a workflow keeps the access. */
export const SetWorkflowAccess = command<WorkflowRequest & WorkflowAccess, WorkflowAccess>('tasks', 'torc.access.set');
