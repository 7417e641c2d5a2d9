import { DomainError } from '#platform/domain-error.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { EdgesAdded } from '#contracts/torc/events.js';
import type { Decision } from '#event-sourcing/command.js';
import { freeOrdinal, newDocument } from '../document/store-document.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';

/** `POST …/jobs/{key}/user_data`: user data that the job stores. */
export const addJobUserData = (
  view: Pick<TorcView, 'workflow' | 'job' | 'document' | 'isKeyUsed'>,
  request: {
    readonly workflow: string;
    readonly key: string;
    readonly document: string;
    readonly userDataKey?: string;
  },
  timeMicros: number,
): Decision<DocumentReply> => {
  const { key, document, userDataKey } = request;
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  const job = view.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflow.key);
  const sent = { document, ...(userDataKey !== undefined && { key: userDataKey }) };
  const made = newDocument(view, workflow, 'user_data', sent, timeMicros);
  if (made instanceof DomainError) return made;
  const ordinal = freeOrdinal(view, workflow, 'stores', made.ordinal + 1);
  const added: EdgesAdded = { edge: 'stores', ordinals: [[ordinal, ordinal]], ends: [[job.ordinal, made.ordinal]] };
  return {
    events: [...made.events, { stream: workflow.stream, type: 'EdgesAdded', data: added }],
    reply: { document: made.text },
  };
};
