import type { DatabaseSync } from 'node:sqlite';
import type { Revocation } from '#platform/tokens/revocations.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

/** Revocations that one answer holds. */
const PAGE_REVOCATIONS = 2_000;

/**
 * The latest revocation of each account. `sequence` grows with each change, so that readers ask for what they do not have yet; it
 * is another one after a rebuild.
 */
class RevocationWriter implements ProjectionWriter {
  private readonly write;

  constructor(database: DatabaseSync) {
    this.write = database.prepare(
      `INSERT INTO revocation (subject, revoked_at_ms, sequence)
       VALUES (?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM revocation))
       ON CONFLICT (subject) DO UPDATE SET revoked_at_ms = excluded.revoked_at_ms, sequence = excluded.sequence
       WHERE excluded.revoked_at_ms > revoked_at_ms`,
    );
  }

  apply({ type, data, metadata: { timeMicros } }: AppliedEvent): void {
    const { username, issued_until_ms: untilMs } = data;
    const revokedAtMs = type === 'UserDeleted' ? Math.floor(timeMicros / 1000) : untilMs;
    if (typeof username === 'string' && typeof revokedAtMs === 'number') this.write.run(username, revokedAtMs);
  }

  forget(): void {
    // There is no state besides the table.
  }
}

export const revocationProjection: Projection = {
  name: 'revocations',
  version: 1,
  streamPrefixes: ['user-'],
  eventTypes: ['UserDeleted', 'UserTokensRevoked'],
  tables: `CREATE TABLE revocation (
    subject TEXT PRIMARY KEY,
    revoked_at_ms INTEGER NOT NULL,
    sequence INTEGER NOT NULL
  ) WITHOUT ROWID`,
  // It grows in the order in which the file has seen the revocations.
  names: { 'revocation.sequence': 'NULL' },
  indexes: 'CREATE UNIQUE INDEX revocation_sequence ON revocation (sequence)',
  attach: (database) => new RevocationWriter(database),
};

/** A part of the revocations, in the order of their changes. */
export interface RevocationPage {
  readonly revocations: readonly Revocation[];
  /** Where the next page begins. */
  readonly sequence: number;
  readonly isLast: boolean;
}

/** Reads what {@link revocationProjection} keeps through one connection: `queries` to answer, `writer` to decide. */
export class RecordedRevocations {
  private readonly selectAfter;
  private readonly selectOne;

  constructor(database: DatabaseSync) {
    const columns = 'SELECT subject, revoked_at_ms, sequence FROM revocation';
    this.selectAfter = database.prepare(`${columns} WHERE sequence > ? ORDER BY sequence LIMIT ${PAGE_REVOCATIONS}`);
    this.selectOne = database.prepare(`${columns} WHERE subject = ?`);
  }

  /** Whether tokens of the account that were issued at this time (milliseconds) have been revoked. */
  isRevoked(subject: string, tokenIssuedAtMs: number): boolean {
    const row = this.selectOne.get(subject);
    return row !== undefined && tokenIssuedAtMs <= Number(row['revoked_at_ms']);
  }

  after(sequence: number): RevocationPage {
    const rows = this.selectAfter.all(sequence);
    return {
      revocations: rows.map((row) => ({
        subject: String(row['subject']),
        revokedAtMs: Number(row['revoked_at_ms']),
      })),
      sequence: Number(rows.at(-1)?.['sequence'] ?? sequence),
      isLast: rows.length < PAGE_REVOCATIONS,
    };
  }
}
