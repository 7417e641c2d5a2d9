import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { CollectionName, PlainCollectionName } from '#contracts/torc/collections.js';
import type { DeleteDocumentRequest, DocumentReply } from '#contracts/torc/documents.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import type { Deletion, DocumentsDeleted, JobsRemoved } from '#contracts/torc/events.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { allOrdinals, deleteAllEdges, deleteEdge, deleteEdgesAt, deleteEdgesOf } from '../edge/delete-edges.js';
import { nounOf, torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { REPEAT_MICROS } from './deletions.js';
import { isLarge } from './size-limit.js';
import { textOf } from './text-of.js';

/** Jobs looked at between two yields. */
const JOBS_PER_YIELD = 1_000;

/** The events that remove all jobs. The edges at them go before, or with the workflow. */
export function* removeAllJobs(
  view: Pick<TorcView, 'states'>,
  workflow: Workflow,
): Generator<void, DecidedEvent[], void> {
  const ordinals: number[] = [];
  for (const { ordinal } of view.states(workflow)) {
    ordinals.push(ordinal);
    if (ordinals.length % JOBS_PER_YIELD === 0) yield;
  }
  return rangesPerEvent(rangesOf(ordinals)).map((units): DecidedEvent => {
    const data: JobsRemoved = { units };
    return { stream: workflow.stream, type: 'UnitsRemoved', data };
  });
}

const documentsDeleted = (
  { stream }: Workflow,
  collection: PlainCollectionName,
  ordinals: DocumentsDeleted['ordinals'],
  deletion?: Deletion,
): DecidedEvent => {
  const data: DocumentsDeleted = { collection, ordinals, ...(deletion !== undefined && { deletion }) };
  return { stream, type: 'DocumentsDeleted', data };
};

function* deletionEvents(
  view: TorcView,
  workflow: Workflow,
  collection: CollectionName | EdgeName,
  deletion: Deletion,
): Generator<void, DecidedEvent[], void> {
  const { key } = deletion;
  if (isEdge(collection)) {
    const edge = view.edge(workflow, collection, key);
    return edge === undefined ? [] : deleteEdge(view, workflow, collection, edge, deletion);
  }
  if (collection === 'jobs') {
    const ordinal = view.job(workflow, key)?.ordinal ?? 0;
    const data: JobsRemoved = { units: [[ordinal, ordinal]], deletion };
    const edges = yield* deleteEdgesAt(view, workflow, collection, ordinal);
    return [...edges, { stream: workflow.stream, type: 'UnitsRemoved', data }];
  }
  const ordinal = view.document(workflow, collection, key)?.ordinal ?? 0;
  const edges = yield* deleteEdgesAt(view, workflow, collection, ordinal);
  return [...edges, documentsDeleted(workflow, collection, [[ordinal, ordinal]], deletion)];
}

/**
 * `DELETE …/{key}` of a document, job or edge: every edge at it goes too. A repeat by the same client within ten minutes gets the same
 * answer, as long as the key is not in use again (D32).
 */
export function* deleteDocument(
  view: TorcView,
  { workflow: workflowKey, collection, key, client }: DeleteDocumentRequest,
  timeMicros: number,
): SlicedDecision<DocumentReply> {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const document = textOf(view, workflow, collection, key);
  if (document === undefined) {
    const since = timeMicros - REPEAT_MICROS;
    const first = view.deleted(workflow.workload, collection, key, client, since);
    return first === undefined
      ? torcErrors.noDocument(nounOf(collection), key, workflowKey)
      : { events: [], reply: { document: first } };
  }
  const deletion = { client, key, ...(!isLarge(document) && { document }) };
  const events = yield* deletionEvents(view, workflow, collection, deletion);
  return { events, reply: { document } };
}

/** `DELETE /workflows/{workflow}/<collection>` and `…/edges/{name}`: all of them, with every edge at them. */
export function* deleteDocuments(
  view: TorcView,
  { workflow: workflowKey, collection }: { readonly workflow: string; readonly collection: CollectionName | EdgeName },
): SlicedDecision<{ readonly count: number }> {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const count = view.count(workflow, collection);
  if (count === 0) return { events: [], reply: { count } };
  if (isEdge(collection)) return { events: yield* deleteAllEdges(view, workflow, collection), reply: { count } };
  const edges = yield* deleteEdgesOf(view, workflow, collection);
  const documents =
    collection === 'jobs'
      ? yield* removeAllJobs(view, workflow)
      : [documentsDeleted(workflow, collection, allOrdinals(workflow))];
  return { events: [...edges, ...documents], reply: { count } };
}
