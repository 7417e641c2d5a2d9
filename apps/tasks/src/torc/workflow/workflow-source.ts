import type { ListEntry, ListSource } from '../lists.js';
import type { Workflow } from '../view.js';
import { partText, type WorkflowRows } from './workflow-rows.js';

/** Workflows read at a time where some are left out. */
const READ = 100;

/** All workflows but those with the hidden numbers. */
export const workflowSource = (workflows: WorkflowRows, hidden: ReadonlySet<number>): ListSource => {
  const entryOf = (workflow: Workflow): ListEntry => ({
    ordinal: workflow.number,
    text: partText(workflow, 'workflow'),
  });
  const visibleAfter = (number: number, limit: number, skip: number): readonly Workflow[] => {
    if (hidden.size === 0) return workflows.after(number, limit, skip);
    const visible: Workflow[] = [];
    for (let after = number; visible.length < skip + limit;) {
      const read = workflows.after(after, READ, 0);
      after = read.at(-1)?.number ?? Infinity;
      if (read.length === 0) break;
      visible.push(...read.filter((workflow) => !hidden.has(workflow.number)));
    }
    return visible.slice(skip, skip + limit);
  };
  return {
    total: workflows.count() - hidden.size,
    startOf: (skip) => ({ after: -1, skip }),
    after: (number, limit, skip) => visibleAfter(number, limit, skip).map(entryOf),
    at: (number) => visibleAfter(number - 1, 1, 0).map(entryOf)[0],
  };
};
