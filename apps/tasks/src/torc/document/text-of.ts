import type { CollectionName } from '#contracts/torc/collections.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import { edgeText, type EndNames } from '../edge/edge-source.js';
import { jobDocument } from '../job/job-document.js';
import type { TorcView, Workflow } from '../view.js';
import { documentText } from './document-rows.js';

type Lookup = EndNames & Pick<TorcView, 'document' | 'job' | 'edge'>;

/** A document, job or edge as clients get it; undefined when it does not exist. */
export const textOf = (
  view: Lookup,
  workflow: Workflow,
  collection: CollectionName | EdgeName,
  key: string,
): string | undefined => {
  if (isEdge(collection)) {
    const edge = view.edge(workflow, collection, key);
    return edge && edgeText(view, workflow, collection, edge);
  }
  if (collection === 'jobs') {
    const job = view.job(workflow, key);
    return job && jobDocument(job, workflow);
  }
  const stored = view.document(workflow, collection, key);
  return stored && documentText(workflow, collection, stored);
};
