import type { ListEntry, ListSource } from '../lists.js';
import type { Workflow } from '../view.js';
import { partText, type WorkflowRows } from './workflow-rows.js';

/** All workflows. */
export const workflowSource = (workflows: WorkflowRows): ListSource => {
  const entryOf = (workflow: Workflow): ListEntry => ({
    ordinal: workflow.number,
    text: partText(workflow, 'workflow'),
  });
  return {
    total: workflows.count(),
    startOf: (skip) => ({ after: -1, skip }),
    after: (number, limit, skip) => workflows.after(number, limit, skip).map(entryOf),
    at: (number) => workflows.after(number - 1, 1, 0).map(entryOf)[0],
  };
};
