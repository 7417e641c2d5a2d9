import { membersOf } from '#contracts/raw-json.js';
import type { TorcView, Workflow } from '../view.js';
import { type WorkflowChange, withFields } from '../workflow-change.js';
import { Steps } from './steps.js';

/**
 * Empties ephemeral user data that holds something (Torc contract 5.1). What is empty or absent keeps its revision.
 *
 * @returns ordinals of what was emptied
 */
export function* clearEphemeralData(
  view: TorcView,
  workflow: Workflow,
  change: WorkflowChange,
): Generator<void, ReadonlySet<number>, void> {
  const steps = new Steps();
  const cleared = new Set<number>();
  for (const { ordinal, document } of view.documents(workflow, 'user_data')) {
    const members = membersOf(document);
    const data = members.get('data');
    if (members.get('is_ephemeral') === 'true' && data?.startsWith('{') === true && membersOf(data).size > 0) {
      change.record('DocumentReplaced', {
        collection: 'user_data',
        ordinal,
        document: withFields(document, [['data', '{}']]),
      });
      cleared.add(ordinal);
    }
    if (steps.isSlice()) yield;
  }
  return cleared;
}
