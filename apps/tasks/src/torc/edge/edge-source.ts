import { EDGES, type EdgeName } from '#contracts/torc/edges.js';
import { fullId, revisionText } from '#contracts/torc/ids.js';
import type { CollectionName, PlainCollectionName } from '#contracts/torc/collections.js';
import { codeOf } from '../collection-code.js';
import type { ListEntry, ListSource } from '../lists.js';
import type { TorcReader } from '../sqlite-view.js';
import type { Edge, Workflow } from '../view.js';

/** What is needed to name the ends of edges. */
export interface EndNames {
  keyAt(workflow: Workflow, ordinal: number): string;
  /** Which of these collections the document with an ordinal is in. */
  collectionAt(workflow: Workflow, ordinal: number, of: readonly PlainCollectionName[]): CollectionName;
}

const endId = (
  names: EndNames,
  workflow: Workflow,
  ordinal: number,
  collections: readonly CollectionName[],
): string => {
  const [only = 'jobs'] = collections;
  const collection =
    collections.length === 1
      ? only
      : names.collectionAt(workflow, ordinal, collections as readonly PlainCollectionName[]);
  return fullId(collection, workflow.key, names.keyAt(workflow, ordinal));
};

/** An edge as clients get it. Edges are never rewritten. */
export const edgeText = (names: EndNames, workflow: Workflow, edge: EdgeName, stored: Edge): string => {
  const { from, to } = EDGES[edge];
  const { ordinal, key, data } = stored;
  const ends = [endId(names, workflow, stored.from, from), endId(names, workflow, stored.to, to)];
  const [source, target, ownKey, id] = [...ends, key, fullId(edge, workflow.key, key)].map((text) =>
    JSON.stringify(text),
  );
  const dataText = data === undefined ? '' : `"data":${data},`;
  return `{"_from":${source},"_to":${target},${dataText}"_key":${ownKey},"_id":${id},"_rev":"${revisionText(ordinal, 1)}"}`;
};

/** The edges of one kind. */
export const edgeSource = (reader: TorcReader, workflow: Workflow, edge: EdgeName): ListSource => {
  const { edgeRows: edges, counts } = reader;
  const { workload } = workflow;
  const code = codeOf(edge);
  const entryOf = (stored: Edge): ListEntry => ({
    ordinal: stored.ordinal,
    text: edgeText(reader, workflow, edge, stored),
  });
  return {
    total: counts.total(workload, code),
    startOf: (skip) => counts.startOf(workload, code, skip),
    after: (ordinal, limit, skip) => edges.after(workload, edge, ordinal, limit, skip).map(entryOf),
    at: (ordinal) => {
      const stored = edges.at(workload, edge, ordinal);
      return stored && entryOf(stored);
    },
  };
};
