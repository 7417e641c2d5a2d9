import type { DocumentReply } from '#contracts/torc/documents.js';
import type { WorkflowDeleted } from '#contracts/torc/events.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { removeAllJobs } from '../document/delete-document.js';
import { REPEAT_MICROS } from '../document/deletions.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { partText } from './workflow-rows.js';

/** `DELETE /workflows/{key}`: with everything that belongs to it. A repeat by the same client gets the same answer (D32). */
export function* deleteWorkflow(
  view: Pick<TorcView, 'workflow' | 'workloadOf' | 'deleted' | 'states'>,
  { workflow: key, client }: { readonly workflow: string; readonly client: string },
  timeMicros: number,
): SlicedDecision<DocumentReply> {
  const workflow = view.workflow(key);
  if (workflow === undefined) {
    const workload = view.workloadOf(key);
    const first =
      workload === undefined ? undefined : view.deleted(workload, 'workflows', key, client, timeMicros - REPEAT_MICROS);
    return first === undefined ? torcErrors.noWorkflow(key) : { events: [], reply: { document: first } };
  }
  const document = partText(workflow, 'workflow');
  const deletion: WorkflowDeleted = { deletion: { client, key, document } };
  const removals = yield* removeAllJobs(view, workflow);
  return {
    events: [...removals, { stream: workflow.stream, type: 'WorkflowDeleted', data: deletion }],
    reply: { document },
  };
}
