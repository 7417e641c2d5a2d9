import type { DatabaseSync } from 'node:sqlite';
import type { UserSecretsEvents } from '#contracts/panda/secrets.js';
import type { Projection } from '#event-sourcing/projection.js';

/** Which sealed secrets in the key-value store are an owner's current ones. */
export const secretsProjection: Projection = {
  name: 'panda-secrets',
  version: 1,
  streamPrefixes: ['credential-panda.'],
  eventTypes: ['UserSecretsSealed'],
  tables: 'CREATE TABLE panda_secrets (owner TEXT PRIMARY KEY, secrets_id TEXT) WITHOUT ROWID',
  indexes: '',
  attach: (database) => {
    const put = database.prepare('INSERT OR REPLACE INTO panda_secrets (owner, secrets_id) VALUES (?, ?)');
    return {
      apply: ({ data }) => {
        const { owner, secrets_id } = data as UserSecretsEvents['UserSecretsSealed'];
        put.run(owner, secrets_id);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Ids of current secrets, read through one connection. */
export class CurrentSecrets {
  private readonly select;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT secrets_id FROM panda_secrets WHERE owner = ?');
  }

  /** Null when the owner has none any more, undefined when there never were any. */
  of(owner: string): string | null | undefined {
    const row = this.select.get(owner);
    return row === undefined ? undefined : row['secrets_id'] === null ? null : String(row['secrets_id']);
  }
}
