import type { DatabaseSync } from 'node:sqlite';
import type { CheckpointEvents } from '#contracts/cairn/proof.js';
import type { RewriteEvents } from '#contracts/cairn/rewrite-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { CHECKPOINT_SIGNED, CHECKPOINTS_STREAM, type SignedCheckpoint } from '#ledger/proof/checkpoint.js';
import { EVENTS_REWRITTEN, REWRITES_STREAM } from '#ledger/rewrite/rewrites.js';

class CheckpointsWriter implements ProjectionWriter {
  private readonly insert;
  private readonly insertKey;

  constructor(database: DatabaseSync) {
    this.insert = database.prepare('INSERT OR REPLACE INTO checkpoint (number, document) VALUES (?, ?)');
    this.insertKey = database.prepare('INSERT OR IGNORE INTO checkpoint_key (public_key) VALUES (?)');
  }

  apply({ type, data }: AppliedEvent): void {
    // Only Cairn itself writes these events, so that their types are known.
    const event = { type, data } as object as EventOf<CheckpointEvents & RewriteEvents>;
    if (event.type === CHECKPOINT_SIGNED) this.insert.run(event.data.number, JSON.stringify(data));
    this.insertKey.run(event.data.public_key);
  }

  forget(): void {
    // There is no state besides the tables.
  }
}

/** The checkpoints that were signed, and the keys that have signed them or records of replaced names. */
export const checkpointsProjection: Projection = {
  name: 'checkpoints',
  version: 2,
  streamPrefixes: [CHECKPOINTS_STREAM, REWRITES_STREAM],
  eventTypes: [CHECKPOINT_SIGNED, EVENTS_REWRITTEN],
  tables: `
    CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
    CREATE TABLE checkpoint_key (place INTEGER PRIMARY KEY, public_key TEXT NOT NULL UNIQUE);
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
    this.selectKeys = database.prepare('SELECT public_key FROM checkpoint_key ORDER BY place DESC');
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
