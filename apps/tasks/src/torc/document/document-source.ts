import { type Collection, COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import type { Filters } from '#contracts/torc/documents.js';
import { codeOf } from '../collection-code.js';
import type { IndexedFilter, ListEntry, ListSource } from '../lists.js';
import type { TorcReader } from '../sqlite-view.js';
import type { StoredDocument, Workflow } from '../view.js';
import { documentText } from './document-rows.js';

/** The documents of a collection other than jobs. */
export const documentSource = (
  { documentRows: documents, counts }: Pick<TorcReader, 'documentRows' | 'counts'>,
  workflow: Workflow,
  collection: PlainCollectionName,
): ListSource => {
  const { workload } = workflow;
  const code = codeOf(collection);
  const { indexed }: Collection = COLLECTIONS[collection];
  const entryOf = (stored: StoredDocument): ListEntry => ({
    ordinal: stored.ordinal,
    text: documentText(workflow, collection, stored),
  });
  return {
    total: counts.total(workload, code),
    startOf: (skip) => counts.startOf(workload, code, skip),
    after: (ordinal, limit, skip) => documents.after(workload, collection, ordinal, limit, skip).map(entryOf),
    at: (ordinal) => {
      const stored = documents.at(workload, collection, ordinal);
      return stored && entryOf(stored);
    },
    indexed: (filters: Filters): IndexedFilter | undefined => {
      const { _key: key, ...restOfKey } = filters;
      if (key !== undefined) {
        const found = documents.byKey(workload, collection, JSON.parse(key) as string);
        return { rest: restOfKey, after: (ordinal) => (found && found.ordinal > ordinal ? [found.ordinal] : []) };
      }
      if (indexed === undefined || filters[indexed] === undefined) return undefined;
      const { [indexed]: raw = '', ...rest } = filters;
      const text: unknown = JSON.parse(raw);
      if (typeof text !== 'string') return undefined;
      return {
        rest,
        after: (ordinal, limit) => documents.ordinalsHaving(workload, collection, text, ordinal, limit),
      };
    },
  };
};
