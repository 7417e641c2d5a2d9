import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ranges } from '#contracts/work-events.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { WorkloadId } from '../../workload/workloads.js';

/**
 * How many documents, jobs or edges of a collection there are in each block of ordinals, and (level 1) in each row of blocks: finds a
 * page deep in a list, and the length of the list, without reading the entries before it.
 */
export const BLOCK_TABLE = `
CREATE TABLE torc_block (
  workload INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  level INTEGER NOT NULL,
  block INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (workload, collection, level, block)
) STRICT, WITHOUT ROWID;`;

/** Ordinals of a block, and blocks of a row. */
const SIZE = 256;

const blockOf = (ordinal: number): number => Math.floor(ordinal / SIZE);

/** Cuts ranges of ordinals at the bounds of blocks. */
export function* inBlocks(ranges: Ranges): Generator<readonly [first: number, last: number], void, void> {
  for (const [first, last] of ranges) {
    for (let from = first; from <= last;) {
      const to = Math.min(last, (blockOf(from) + 1) * SIZE - 1);
      yield [from, to];
      from = to + 1;
    }
  }
}

/** Where a page begins. */
export interface PageStart {
  /** Entries with greater ordinals are to be read, */
  readonly after: number;
  /** and so many of them skipped. */
  readonly skip: number;
}

interface BlockChange {
  readonly workload: WorkloadId;
  readonly collection: number;
  readonly block: number;
  by: number;
}

/** What the events of a transaction change: written once, at its end or when somebody asks. */
const unwrittenOn = perConnection(() => new Map<string, BlockChange>());

/** Reads and writes counts through one connection. */
export class BlockCounts {
  private readonly unwritten: Map<string, BlockChange>;
  private readonly upsert: () => StatementSync;
  private readonly selectTotal: StatementSync;
  private readonly selectBlocks: ArrayStatement<readonly [block: number, n: number]>;
  private readonly selectCollections: StatementSync;

  constructor(database: DatabaseSync) {
    this.unwritten = unwrittenOn(database);
    let upsert: StatementSync | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.upsert = () =>
      (upsert ??= database.prepare(
        `INSERT INTO torc_block (workload, collection, level, block, n) VALUES (?1, ?2, 0, ?3, ?5), (?1, ?2, 1, ?4, ?5)
         ON CONFLICT DO UPDATE SET n = n + excluded.n`,
      ));
    this.selectTotal = database.prepare(
      'SELECT sum(n) AS n FROM torc_block WHERE workload = ? AND collection = ? AND level = 1',
    );
    this.selectBlocks = arrayStatement(
      database,
      `SELECT block, n FROM torc_block WHERE workload = ? AND collection = ? AND level = ? AND block BETWEEN ? AND ?
       ORDER BY block`,
    );
    this.selectCollections = database.prepare('SELECT DISTINCT collection FROM torc_block WHERE workload = ?');
  }

  /** @param ordinal any of the block */
  change(workload: WorkloadId, collection: number, ordinal: number, by: number): void {
    if (by === 0) return;
    const block = blockOf(ordinal);
    const name = `${workload} ${collection} ${block}`;
    const known = this.unwritten.get(name);
    if (known === undefined) this.unwritten.set(name, { workload, collection, block, by });
    else known.by += by;
  }

  /** Writes what has been changed. */
  write(): void {
    for (const { workload, collection, block, by } of this.unwritten.values()) {
      // A 0 too: which rows there are does not depend on where transactions end.
      this.upsert().run(workload, collection, block, blockOf(block), by);
    }
    this.unwritten.clear();
  }

  /** Drops what belongs to a transaction that was rolled back. */
  forget(): void {
    this.unwritten.clear();
  }

  /**
   * Deletes what has these ordinals, as far as there is any, in slices.
   *
   * @param remove takes workload, collection, first and last ordinal
   */
  *deleteAll(
    remove: StatementSync,
    workload: WorkloadId,
    collection: number,
    ordinals: Ranges,
  ): Generator<void, void, void> {
    for (const [first, last] of inBlocks(ordinals)) {
      const { changes } = remove.run(workload, collection, first, last);
      this.change(workload, collection, first, -Number(changes));
      yield;
    }
  }

  total(workload: WorkloadId, collection: number): number {
    this.write();
    return Number(this.selectTotal.get(workload, collection)?.['n'] ?? 0);
  }

  /** Collections that have, or had, something. */
  collectionsOf(workload: WorkloadId): number[] {
    this.write();
    return this.selectCollections.all(workload).map((row) => Number(row['collection']));
  }

  /** Where the list goes on behind its first `skip` entries. */
  startOf(workload: WorkloadId, collection: number, skip: number): PageStart {
    if (skip === 0) return { after: -1, skip: 0 };
    this.write();
    const rows = this.find(workload, collection, 1, [0, Number.MAX_SAFE_INTEGER], skip);
    const blocks = rows && this.find(workload, collection, 0, [rows.at * SIZE, (rows.at + 1) * SIZE - 1], rows.left);
    if (blocks === undefined) return { after: Number.MAX_SAFE_INTEGER, skip: 0 };
    return { after: blocks.at * SIZE - 1, skip: blocks.left };
  }

  /** The block among these in which the entry behind `skip` others is, and how many of them are in it. */
  private find(
    workload: WorkloadId,
    collection: number,
    level: 0 | 1,
    [first, last]: readonly [number, number],
    skip: number,
  ): { readonly at: number; readonly left: number } | undefined {
    let left = skip;
    for (const [at, n] of this.selectBlocks.all(workload, collection, level, first, last)) {
      if (n > left) return { at, left };
      left -= n;
    }
    return undefined;
  }
}
