import type { DomainError } from '#platform/domain-error.js';
import type { JoinByEdgeRequest } from '#contracts/torc/documents.js';
import { EDGES } from '#contracts/torc/edges.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import { documentText } from '../document/document-rows.js';
import { jobDocument } from '../job/job-document.js';
import type { Join } from '../lists.js';
import { sourceOf } from '../document/list-source.js';
import type { TorcReader } from '../sqlite-view.js';
import { torcErrors } from '../torc-errors.js';
import type { Edge, Workflow } from '../view.js';
import { edgeText } from './edge-source.js';

const endText = (
  reader: TorcReader,
  workflow: Workflow,
  ordinal: number,
  collections: readonly CollectionName[],
): string => {
  for (const collection of collections) {
    if (collection === 'jobs') {
      const job = reader.jobAt(workflow, ordinal);
      if (job !== undefined) return jobDocument(job, workflow);
    } else {
      const stored = reader.documentAt(workflow, collection, ordinal);
      if (stored !== undefined) return documentText(workflow, collection, stored);
    }
  }
  return '{}';
};

/** Whether an edge has documents of the collection at the end that the direction names. */
const canJoin = ({ collection, edge, direction }: JoinByEdgeRequest): boolean => {
  const { from, to }: { readonly from: readonly CollectionName[]; readonly to: readonly CollectionName[] } =
    EDGES[edge];
  return (direction === 'outbound' ? from : to).includes(collection);
};

/**
 * Documents of a collection with their edges (Torc contract 5.15): a row for each edge that goes from the document, or to it. `from` is always
 * the document at the edge's `_from`.
 */
export const joinByEdge = (reader: TorcReader, request: JoinByEdgeRequest): Join | DomainError => {
  const { workflow: key, collection, edge, direction } = request;
  const workflow = reader.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const { from, to } = EDGES[edge];
  const isSource = direction === 'outbound';
  const rowOf = (each: Edge, text: string): string => {
    const source = isSource ? text : endText(reader, workflow, each.from, from);
    const target = isSource ? endText(reader, workflow, each.to, to) : text;
    return `{"from":${source},"to":${target},"edge":${edgeText(reader, workflow, edge, each)}}`;
  };
  const edgesAt = (ordinal: number): readonly Edge[] =>
    isSource ? reader.edgesFrom(workflow, edge, ordinal) : reader.edgesTo(workflow, edge, ordinal);
  return {
    source: sourceOf(reader, workflow, collection),
    rowsOf: ({ ordinal, text }) => (canJoin(request) ? edgesAt(ordinal).map((each) => rowOf(each, text)) : []),
  };
};
