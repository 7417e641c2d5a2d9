import type { DatabaseSync } from 'node:sqlite';
import type { CheckpointEvents } from '#contracts/cairn/proof.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { CHECKPOINT_SIGNED, CHECKPOINTS_STREAM, type SignedCheckpoint } from '#ledger/proof/checkpoint.js';

type Signed = CheckpointEvents[typeof CHECKPOINT_SIGNED];

class CheckpointsWriter implements ProjectionWriter {
  private readonly insert;
  private readonly insertKey;

  constructor(database: DatabaseSync) {
    this.insert = database.prepare('INSERT OR REPLACE INTO checkpoint (number, document) VALUES (?, ?)');
    this.insertKey = database.prepare('INSERT OR IGNORE INTO checkpoint_key (public_key, since) VALUES (?, ?)');
  }

  apply({ data }: AppliedEvent): void {
    const { number, public_key: key } = data as unknown as Signed;
    this.insert.run(number, JSON.stringify(data));
    this.insertKey.run(key, number);
  }

  forget(): void {
    // There is no state besides the tables.
  }
}

/** The checkpoints that were signed, and the keys that have signed them. */
export const checkpointsProjection: Projection = {
  name: 'checkpoints',
  version: 1,
  streamPrefixes: [CHECKPOINTS_STREAM],
  eventTypes: [CHECKPOINT_SIGNED],
  tables: `
    CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
    CREATE TABLE checkpoint_key (public_key TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
  `,
  indexes: '',
  attach: (database) => new CheckpointsWriter(database),
};

/** Reads the tables of {@link checkpointsProjection}. Checkpoints are raw JSON. */
export class Checkpoints {
  private readonly select;
  private readonly selectBefore;
  private readonly selectKeys;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT document FROM checkpoint WHERE number = ?');
    this.selectBefore = database.prepare(
      'SELECT document FROM checkpoint WHERE number < ? ORDER BY number DESC LIMIT ?',
    );
    this.selectKeys = database.prepare('SELECT public_key FROM checkpoint_key ORDER BY since DESC');
  }

  numbered(number: number): string | undefined {
    const row = this.select.get(number) as { readonly document: string } | undefined;
    return row?.document;
  }

  /** Newest first. */
  before(number: number, limit: number): readonly string[] {
    return this.selectBefore.all(number, limit).map(({ document }) => String(document));
  }

  last(): SignedCheckpoint | undefined {
    const [text] = this.before(Number.MAX_SAFE_INTEGER, 1);
    return text === undefined ? undefined : (JSON.parse(text) as SignedCheckpoint);
  }

  /** Public keys (`x`), the newest first. */
  keys(): readonly string[] {
    return this.selectKeys.all().map(({ public_key: key }) => String(key));
  }
}
