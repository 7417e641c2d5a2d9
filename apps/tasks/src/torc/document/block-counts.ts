import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';

/**
 * How many documents, jobs or edges of a collection there are in each block of ordinals: finds a page deep in a list, and the length
 * of the list, without reading the entries before it.
 */
export const BLOCK_TABLE = `
CREATE TABLE torc_block (
  workload INTEGER NOT NULL,
  collection INTEGER NOT NULL,
  block INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (workload, collection, block)
) STRICT, WITHOUT ROWID;`;

/** Ordinals of a block. */
const BLOCK = 4096;

const blockOf = (ordinal: number): number => Math.floor(ordinal / BLOCK);

/** Ordinals that are deleted at a time: a few milliseconds. */
const SLICE = BLOCK / 4;

/** Cuts ranges of ordinals into slices, each within one block. */
export function* inBlocks(ranges: Ranges): Generator<readonly [first: number, last: number], void, void> {
  for (const [first, last] of ranges) {
    for (let from = first; from <= last;) {
      const to = Math.min(last, (Math.floor(from / SLICE) + 1) * SLICE - 1);
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

/** Reads and writes counts through one connection. */
export class BlockCounts {
  private readonly upsert: () => StatementSync;
  private readonly selectTotal: StatementSync;
  private readonly selectBlocks: StatementSync;
  private readonly selectCollections: StatementSync;

  constructor(database: DatabaseSync) {
    let upsert: StatementSync | undefined;
    // Prepared when needed: the connection for queries can only read.
    this.upsert = () =>
      (upsert ??= database.prepare(
        `INSERT INTO torc_block (workload, collection, block, n) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET n = n + excluded.n`,
      ));
    this.selectTotal = database.prepare('SELECT sum(n) AS n FROM torc_block WHERE workload = ? AND collection = ?');
    this.selectBlocks = database.prepare(
      'SELECT block, n FROM torc_block WHERE workload = ? AND collection = ? ORDER BY block',
    );
    this.selectBlocks.setReturnArrays(true);
    this.selectCollections = database.prepare('SELECT DISTINCT collection FROM torc_block WHERE workload = ?');
  }

  /** @param ordinal any of the block */
  change(workload: WorkloadId, collection: number, ordinal: number, by: number): void {
    if (by !== 0) this.upsert().run(workload, collection, blockOf(ordinal), by);
  }

  total(workload: WorkloadId, collection: number): number {
    return Number(this.selectTotal.get(workload, collection)?.['n'] ?? 0);
  }

  /** Collections that have, or had, something. */
  collectionsOf(workload: WorkloadId): number[] {
    return this.selectCollections.all(workload).map((row) => Number(row['collection']));
  }

  /** Where the list goes on behind its first `skip` entries. */
  startOf(workload: WorkloadId, collection: number, skip: number): PageStart {
    let left = skip;
    if (left === 0) return { after: -1, skip: 0 };
    for (const row of this.selectBlocks.iterate(workload, collection)) {
      const [block, n] = row as unknown as readonly [number, number];
      if (n > left) return { after: block * BLOCK - 1, skip: left };
      left -= n;
    }
    return { after: Number.MAX_SAFE_INTEGER, skip: 0 };
  }
}
