import { membersOf, objectText } from '#contracts/raw-json.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { WorkflowReplaced } from '#contracts/torc/events.js';
import type { PutWorkflowRequest, WorkflowPart } from '#contracts/torc/workflows.js';
import type { DomainError } from '#platform/domain-error.js';
import type { Decision } from '#event-sourcing/command.js';
import { withIdentity } from '../document-text.js';
import { refuseTooLarge } from '../document/size-limit.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { currentRevision, nextRevision, partId, partOf, partText } from './workflow-rows.js';

const NOUNS: Readonly<Record<WorkflowPart, string>> = {
  workflow: 'workflow',
  config: 'config of workflow',
  status: 'status of workflow',
};

/** The fields that a PUT sets; the others stay (Torc contract 1.8). */
const fieldsOf = (part: WorkflowPart, fields: string): Map<string, string> => {
  const members = membersOf(fields);
  // An absent or empty time keeps what is stored (D35).
  if (part === 'workflow' && members.get('timestamp') === '""') members.delete('timestamp');
  // Accepted and ignored (D30).
  if (part === 'status') members.delete('scheduled_compute_node_ids');
  return members;
};

const refuse = (workflow: Workflow, request: PutWorkflowRequest): DomainError | undefined => {
  const { part, key, id, rev, fields } = request;
  const noun = `${NOUNS[part]} ${workflow.key}`;
  const ownId = partId(part, workflow.key);
  if (key !== undefined && key !== workflow.key) return torcErrors.bad(`_key ${key} is not that of the ${noun}`);
  if (id !== undefined && id !== ownId) return torcErrors.bad(`_id ${id} is not that of the ${noun}, ${ownId}`);
  if (part === 'workflow' && key === undefined) return torcErrors.bad('_key is missing');
  if (part === 'workflow' && rev === undefined) return torcErrors.bad('_rev is missing');
  if (key === undefined && id === undefined) return torcErrors.bad('_key or _id must be given');
  if (part === 'status' && Number(membersOf(fields).get('run_id') ?? 0) < 0) {
    return torcErrors.bad('run_id must not be negative');
  }
  return undefined;
};

/** `PUT /workflows/{key}`, `…/config` and `…/status` (Torc contract 6.4). */
export const putWorkflow = (view: Pick<TorcView, 'workflow'>, request: PutWorkflowRequest): Decision<DocumentReply> => {
  const { part, rev, request_digest: digest } = request;
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  const refusal = refuse(workflow, request);
  if (refusal !== undefined) return refusal;
  if (workflow.requestDigestOf(part) === digest) return { events: [], reply: { document: partText(workflow, part) } };
  const current = currentRevision(workflow, part);
  if (rev !== undefined && rev !== current) return torcErrors.changed(NOUNS[part], workflow.key, current);
  const stored = membersOf(partOf(workflow, part));
  const document = objectText(new Map([...stored, ...fieldsOf(part, request.fields)]));
  const tooLarge = refuseTooLarge(document);
  if (tooLarge !== undefined) return tooLarge;
  const data: WorkflowReplaced = { part, document, request_digest: digest };
  return {
    events: [{ stream: workflow.stream, type: 'WorkflowReplaced', data }],
    reply: {
      document: withIdentity(document, {
        key: workflow.key,
        id: partId(part, workflow.key),
        rev: nextRevision(workflow, part),
      }),
    },
  };
};
