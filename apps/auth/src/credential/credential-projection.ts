import type { DatabaseSync } from 'node:sqlite';
import type { CredentialEvents, CredentialRecord } from '#contracts/credential-events.js';
import { type CredentialOwner, ownerKey } from '#contracts/credentials.js';
import type { Dialect } from '#ledger/ref.js';
import type { Projection } from '#event-sourcing/projection.js';

/** Which encrypted credentials in the key-value store are current, and which were replaced or deleted. */
export const credentialProjection: Projection = {
  name: 'credentials',
  version: 2,
  streamPrefixes: ['credential-'],
  eventTypes: ['CredentialStored', 'CredentialDeleted'],
  tables: `CREATE TABLE credential (
    credential_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    -- The first credential of a chain of replacements. It decides the position in lists.
    first_id TEXT NOT NULL,
    record TEXT
  ) WITHOUT ROWID`,
  indexes: 'CREATE INDEX credential_owner ON credential (owner, first_id)',
  attach: (database) => {
    const add = database.prepare(
      'INSERT OR IGNORE INTO credential (credential_id, owner, first_id, record) VALUES (?, ?, ?, ?)',
    );
    const end = database.prepare('UPDATE credential SET record = NULL WHERE credential_id = ? RETURNING first_id');
    return {
      apply: ({ type, data }) => {
        if (type === 'CredentialStored') {
          const { replaces, ...record } = data as CredentialEvents['CredentialStored'];
          const [firstId] = replaces.map((id) => String(end.get(id)?.['first_id'] ?? id)).sort();
          add.run(
            record.credential_id,
            ownerKey(record.owner),
            firstId ?? record.credential_id,
            JSON.stringify(record),
          );
        } else if (type === 'CredentialDeleted') {
          end.run((data as CredentialEvents['CredentialDeleted']).credential_id);
        }
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** The current credentials, read through one connection. */
export class CredentialRecords {
  private readonly selectOwn;
  private readonly selectUnder;
  private readonly selectOne;

  constructor(database: DatabaseSync) {
    const columns = 'SELECT record FROM credential WHERE record IS NOT NULL';
    this.selectOwn = database.prepare(`${columns} AND owner = ? ORDER BY first_id`);
    this.selectUnder = database.prepare(`${columns} AND owner >= ? AND owner < ? ORDER BY owner, first_id`);
    this.selectOne = database.prepare('SELECT record FROM credential WHERE credential_id = ?');
  }

  /** In the order of their first storing: a replacement has the position of what it replaces. */
  of(owner: CredentialOwner): readonly CredentialRecord[] {
    return this.selectOwn.all(ownerKey(owner)).map(({ record }) => JSON.parse(String(record)) as CredentialRecord);
  }

  /** Those of the units of a workload. */
  ofUnits(dialect: Dialect, workloadId: string): readonly CredentialRecord[] {
    // Keys of units begin like the workload's own, with a comma instead of the bracket.
    const prefix = ownerKey({ dialect, workload_id: workloadId }).slice(0, -1);
    return this.selectUnder
      .all(`${prefix},`, `${prefix}-`)
      .map(({ record }) => JSON.parse(String(record)) as CredentialRecord);
  }

  /** A current credential. */
  named(credentialId: string): CredentialRecord | undefined {
    const record = this.selectOne.get(credentialId)?.['record'];
    return typeof record === 'string' ? (JSON.parse(record) as CredentialRecord) : undefined;
  }

  /** Whether it was current once and is no longer. */
  ended(credentialId: string): boolean {
    const row = this.selectOne.get(credentialId);
    return row !== undefined && row['record'] === null;
  }
}
