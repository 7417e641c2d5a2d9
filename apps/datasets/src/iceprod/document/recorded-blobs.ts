import type { DatabaseSync } from 'node:sqlite';
import type { BlobKind } from '#event-sourcing/orphan-collector.js';
import type { Projection } from '#event-sourcing/projection.js';
import { REQUEST_STREAMS } from '../action/request.js';
import { DOCUMENT_BLOBS } from './documents.js';

interface NamesBlob {
  readonly blob?: { readonly key: string };
}

/**
 * Every blob that an event has ever named. Configs that were replaced and arguments of requests long done stay, because the
 * history names them and could not be explained or replayed without.
 */
export const recordedBlobsProjection: Projection = {
  name: 'recorded-blobs',
  version: 1,
  streamPrefixes: ['workload-iceprod.', REQUEST_STREAMS],
  eventTypes: ['ConfigSet', 'RequestQueued'],
  tables: 'CREATE TABLE recorded_blob (key TEXT PRIMARY KEY) WITHOUT ROWID',
  indexes: '',
  attach: (database) => {
    const insert = database.prepare('INSERT OR IGNORE INTO recorded_blob (key) VALUES (?)');
    return {
      apply: ({ data }) => {
        const { blob, arguments: given } = data as NamesBlob & { readonly arguments?: NamesBlob };
        const key = blob?.key ?? given?.blob?.key;
        if (key !== undefined) insert.run(key);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Only what no event names is an orphan. */
export const documentBlobs = (queries: DatabaseSync): readonly BlobKind[] => {
  const select = queries.prepare('SELECT 1 FROM recorded_blob WHERE key = ?');
  const holds = (key: string): boolean => select.get(key) !== undefined;
  return Object.values(DOCUMENT_BLOBS).map((prefix) => ({ prefix, holds }));
};
