import type { DatabaseSync } from 'node:sqlite';
import { ref, refOfStream } from '#ledger/ref.js';
import type { BlobReference } from '#contracts/work-events.js';
import type { Dataset } from '../dataset/dataset.js';
import type { ConfigOrigin, ConfigWriter } from '#contracts/iceprod/dataset-events.js';
import type { Projection } from '#event-sourcing/projection.js';

/** A config's raw JSON, or the key of the blob that holds it. */
type StoredConfig = ({ readonly text: string } | { readonly blobKey: string }) & { readonly origin: ConfigOrigin };

interface ConfigRow {
  readonly text: string | null;
  readonly blob_key: string;
  readonly writer: string | null;
  readonly account: string | null;
}

type EitherForm = ConfigOrigin & { readonly config?: string; readonly blob?: BlobReference };

export const configProjection: Projection = {
  name: 'configs',
  version: 3,
  streamPrefixes: ['workload-iceprod.'],
  eventTypes: ['ConfigSet'],
  tables:
    'CREATE TABLE config (ref TEXT NOT NULL UNIQUE, text TEXT, blob_key TEXT, writer TEXT, account TEXT, bytes INTEGER NOT NULL)',
  indexes: '',
  attach: (database) => {
    const write = database.prepare(
      // Configs that came without credentials leave those of the dataset as they are.
      `INSERT INTO config (ref, text, blob_key, writer, account, bytes) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET text = excluded.text, blob_key = excluded.blob_key, writer = excluded.writer,
         account = coalesce(excluded.account, account), bytes = bytes + excluded.bytes`,
    );
    return {
      apply: ({ stream, data }) => {
        const { config, blob, writer, account } = data as EitherForm;
        write.run(
          ...[refOfStream(stream), config ?? null, blob?.key ?? null],
          ...[writer === undefined ? null : JSON.stringify(writer), account ?? null],
          blob?.size ?? Buffer.byteLength(config ?? ''),
        );
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Who wrote a config. Of an old one this is unknown: it gets no more rights than the owner of its dataset had. */
export const writerOf = (
  { writer }: ConfigOrigin,
  { username, group }: Pick<Dataset, 'username' | 'group'>,
): ConfigWriter => writer ?? { username, roles: ['user'], groups: [group, 'users'] };

const originOf = ({ writer, account }: Pick<ConfigRow, 'writer' | 'account'>): ConfigOrigin => ({
  ...(writer !== null && { writer: JSON.parse(writer) as ConfigWriter }),
  ...(account !== null && { account }),
});

/** Reads what {@link configProjection} keeps. */
export class Configs {
  private readonly select;
  private readonly selectBytes;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT text, blob_key, writer, account FROM config WHERE ref = ?');
    this.selectBytes = database.prepare('SELECT bytes FROM config WHERE ref = ?');
  }

  /** Bytes of all configs that a dataset ever had: the history keeps those that were replaced. */
  bytesOf(datasetId: string): number {
    return Number(this.selectBytes.get(ref('iceprod', 'main', datasetId))?.['bytes'] ?? 0);
  }

  find(datasetId: string): StoredConfig | undefined {
    const row = this.select.get(ref('iceprod', 'main', datasetId)) as ConfigRow | undefined;
    if (row === undefined) return undefined;
    const origin = originOf(row);
    return row.text === null ? { blobKey: row.blob_key, origin } : { text: row.text, origin };
  }
}
