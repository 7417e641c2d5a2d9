import type { DatabaseSync } from 'node:sqlite';
import { ref, refOfStream } from '#ledger/ref.js';
import type { DatasetEvents } from '#contracts/iceprod/dataset-events.js';
import type { Projection } from '#event-sourcing/projection.js';

/** A config's raw JSON, or the key of the blob that holds it. */
type StoredConfig = { readonly text: string } | { readonly blobKey: string };

type ConfigSet = DatasetEvents['ConfigSet'];
type EitherForm = Partial<Extract<ConfigSet, { config: string }> & Extract<ConfigSet, { blob: object }>>;

export const configProjection: Projection = {
  name: 'configs',
  version: 1,
  streamPrefixes: ['workload-iceprod.'],
  eventTypes: ['ConfigSet'],
  tables: 'CREATE TABLE config (ref TEXT NOT NULL UNIQUE, text TEXT, blob_key TEXT)',
  indexes: '',
  attach: (database) => {
    const write = database.prepare(
      `INSERT INTO config (ref, text, blob_key) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET text = excluded.text, blob_key = excluded.blob_key`,
    );
    return {
      apply: ({ stream, data }) => {
        const { config, blob } = data as EitherForm;
        write.run(refOfStream(stream), config ?? null, blob?.key ?? null);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Reads what {@link configProjection} keeps. */
export class Configs {
  private readonly select;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT text, blob_key FROM config WHERE ref = ?');
  }

  find(datasetId: string): StoredConfig | undefined {
    const row = this.select.get(ref('iceprod', 'main', datasetId)) as
      { readonly text: string | null; readonly blob_key: string } | undefined;
    if (row === undefined) return undefined;
    return row.text === null ? { blobKey: row.blob_key } : { text: row.text };
  }
}
