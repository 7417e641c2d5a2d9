import { DomainError } from '#platform/domain-error.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import type { DocumentReply, NewEdgeRequest } from '#contracts/torc/documents.js';
import { EDGES } from '#contracts/torc/edges.js';
import type { EdgesAdded } from '#contracts/torc/events.js';
import { partsOfId } from '#contracts/torc/ids.js';
import type { UnitsLinked } from '#contracts/work-events.js';
import type { DecidedEvent, Decision } from '#event-sourcing/command.js';
import { freeOrdinal } from '../document/store-document.js';
import { refuseTooLarge } from '../document/size-limit.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { edgeText } from './edge-source.js';

type EndView = Pick<TorcView, 'job' | 'document'>;

/** The ordinal of a document or job; undefined when there is none. */
export const ordinalOf = (
  view: EndView,
  workflow: Workflow,
  collection: CollectionName,
  key: string,
): number | undefined =>
  (collection === 'jobs' ? view.job(workflow, key) : view.document(workflow, collection, key))?.ordinal;

/** The ordinal that a full id names; refused unless it exists, in one of these collections of the workflow (D39). */
const endOrdinal = (
  view: EndView,
  workflow: Workflow,
  id: string,
  collections: readonly CollectionName[],
  name: string,
): number | DomainError => {
  const parts = partsOfId(id);
  const collection = collections.find((each) => each === parts?.collection);
  if (parts === undefined || parts.workflow !== workflow.key || collection === undefined) {
    const ids = collections.join(' or ');
    return torcErrors.bad(
      `${name}: ${JSON.stringify(id.slice(0, 300))} is no id of ${ids} of workflow ${workflow.key}`,
    );
  }
  return ordinalOf(view, workflow, collection, parts.key) ?? torcErrors.bad(`${name}: ${id} does not exist`);
};

/** `POST /workflows/{workflow}/edges/{name}`. */
export const storeEdge = (
  view: EndView &
    Pick<TorcView, 'workflow' | 'edge' | 'edgesFrom' | 'isKeyUsed' | 'countBetween' | 'keyAt' | 'collectionAt'>,
  { workflow: workflowKey, edge, from: fromId, to: toId, data, key }: NewEdgeRequest,
): Decision<DocumentReply> => {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const ends: { readonly from: readonly CollectionName[]; readonly to: readonly CollectionName[]; isUnique?: true } =
    EDGES[edge];
  const from = endOrdinal(view, workflow, fromId, ends.from, '_from');
  if (from instanceof DomainError) return from;
  const to = endOrdinal(view, workflow, toId, ends.to, '_to');
  if (to instanceof DomainError) return to;
  // It would wait for itself for ever (D37).
  if (edge === 'blocks' && from === to) return torcErrors.bad(`${fromId} cannot block itself`);
  if (ends.isUnique === true && view.edgesFrom(workflow, edge, from).length > 0) {
    return torcErrors.bad(`${fromId} has an edge ${edge} already`);
  }
  if (key !== undefined && view.edge(workflow, edge, key) !== undefined) {
    return torcErrors.keyTaken(`edge ${edge}`, key);
  }
  const refusal = data === undefined ? undefined : refuseTooLarge(data);
  if (refusal !== undefined) return refusal;
  const ordinal = key === undefined ? freeOrdinal(view, workflow, edge) : workflow.nextOrdinal;
  const added: EdgesAdded = {
    edge,
    ordinals: [[ordinal, ordinal]],
    ends: [[from, to]],
    ...(data !== undefined && { data: { [ordinal]: data } }),
    ...(key !== undefined && { keys: { [ordinal]: key } }),
  };
  const events: DecidedEvent[] = [{ stream: workflow.stream, type: 'EdgesAdded', data: added }];
  if (edge === 'blocks' && view.countBetween(workflow, edge, from, to) === 0) {
    const linked: UnitsLinked = { units: [[to, to]], links: [[from, to]] };
    events.push({ stream: workflow.stream, type: 'UnitsLinked', data: linked });
  }
  const stored = { ordinal, key: key ?? String(ordinal), from, to, data };
  return { events, reply: { document: edgeText(view, workflow, edge, stored) } };
};
