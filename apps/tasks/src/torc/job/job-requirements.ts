import type { JobRequest } from '#contracts/torc/jobs.js';
import { DomainError } from '#platform/domain-error.js';
import { rangesOf } from '#contracts/ranges.js';
import { COLLECTIONS } from '#contracts/torc/collections.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { EdgesAdded, EdgesDeleted } from '#contracts/torc/events.js';
import { normalize } from '#contracts/torc/normalize.js';
import type { DecidedEvent, Decision } from '#event-sourcing/command.js';
import { documentText } from '../document/document-rows.js';
import { freeOrdinal } from '../document/store-document.js';
import { edgeText, type EndNames } from '../edge/edge-source.js';
import { nounOf, torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';

const GROUPS = 'resource_requirements';

const defaultGroup = (): string => {
  const group = normalize(COLLECTIONS[GROUPS].fields, '{"name":"default"}', 'post');
  if (group instanceof DomainError) throw group;
  return group.document;
};

/** Of jobs without a group (Torc contract 2.13). */
const DEFAULT_GROUP_TEXT = defaultGroup();

/** `GET …/jobs/{key}/resource_requirements`. */
export const jobRequirements = (
  view: Pick<TorcView, 'workflow' | 'job' | 'edgesFrom' | 'documentAt'>,
  { workflow: workflowKey, key }: JobRequest,
): DocumentReply | DomainError => {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const job = view.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  const [edge] = view.edgesFrom(workflow, 'requires', job.ordinal);
  const group = edge && view.documentAt(workflow, GROUPS, edge.to);
  return { document: group === undefined ? DEFAULT_GROUP_TEXT : documentText(workflow, GROUPS, group) };
};

/** `PUT …/jobs/{key}/resource_requirements/{rr_key}`: the edge to the new group replaces the old one. Replies the edge. */
export const setJobRequirements = (
  view: EndNames & Pick<TorcView, 'workflow' | 'job' | 'document' | 'edgesFrom' | 'isKeyUsed'>,
  { workflow: workflowKey, key, group: groupKey }: JobRequest & { readonly group: string },
): Decision<DocumentReply> => {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const job = view.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  const group = view.document(workflow, GROUPS, groupKey);
  if (group === undefined) return torcErrors.noDocument(nounOf(GROUPS), groupKey, workflowKey);
  const edge = 'requires';
  const before = view.edgesFrom(workflow, edge, job.ordinal);
  const same = before.find(({ to }) => to === group.ordinal);
  // The job has the group: the request may be a repeat (Torc contract 1.8).
  if (same !== undefined) return { events: [], reply: { document: edgeText(view, workflow, edge, same) } };
  const ordinal = freeOrdinal(view, workflow, edge);
  const events: DecidedEvent[] = [];
  if (before.length > 0) {
    const deleted: EdgesDeleted = { edge, ordinals: rangesOf(before.map((each) => each.ordinal)) };
    events.push({ stream: workflow.stream, type: 'EdgesDeleted', data: deleted });
  }
  const added: EdgesAdded = { edge, ordinals: [[ordinal, ordinal]], ends: [[job.ordinal, group.ordinal]] };
  events.push({ stream: workflow.stream, type: 'EdgesAdded', data: added });
  const stored = { ordinal, key: String(ordinal), from: job.ordinal, to: group.ordinal, data: undefined };
  return { events, reply: { document: edgeText(view, workflow, edge, stored) } };
};
