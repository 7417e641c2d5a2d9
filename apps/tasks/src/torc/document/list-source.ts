import type { CollectionName } from '#contracts/torc/collections.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import { edgeSource } from '../edge/edge-source.js';
import { jobSource } from '../job/job-source.js';
import type { ListSource } from '../lists.js';
import type { TorcReader } from '../sqlite-view.js';
import type { Workflow } from '../view.js';
import { documentSource } from './document-source.js';

/** What the list of a collection or of edges is made of. */
export const sourceOf = (reader: TorcReader, workflow: Workflow, collection: CollectionName | EdgeName): ListSource => {
  if (isEdge(collection)) return edgeSource(reader, workflow, collection);
  return collection === 'jobs' ? jobSource(reader, workflow) : documentSource(reader, workflow, collection);
};
