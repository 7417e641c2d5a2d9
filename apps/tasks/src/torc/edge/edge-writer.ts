import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { EdgesAdded } from '#contracts/torc/events.js';
import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { codeOf } from '../collection-code.js';
import { type BlockCounts, inBlocks } from '../document/block-counts.js';
import type { CustomKeys } from '../document/custom-keys.js';

/** Edges written between two yields. */
const EDGES_PER_YIELD = 200;

/** An edge as it is stored; ends are ordinals. */
interface NewEdge {
  readonly ordinal: number;
  readonly from: number;
  readonly to: number;
  readonly data?: string | undefined;
  readonly key?: string | undefined;
}

/** Writes edges, their counts and keys. */
export class EdgeWriter {
  private readonly insert: StatementSync;
  private readonly remove: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly counts: BlockCounts,
    private readonly keys: CustomKeys,
  ) {
    this.insert = database.prepare(
      'INSERT OR IGNORE INTO torc_edge (workload, edge, ordinal, source, target, key, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.remove = database.prepare('DELETE FROM torc_edge WHERE workload = ? AND edge = ? AND ordinal BETWEEN ? AND ?');
  }

  add(workload: WorkloadId, edge: EdgeName, added: NewEdge): void {
    const code = codeOf(edge);
    this.counts.change(workload, code, added.ordinal, this.write(workload, code, added));
  }

  *addAll(
    workload: WorkloadId,
    { edge, ordinals, ends, data = {}, keys = {} }: EdgesAdded,
  ): Generator<void, void, void> {
    const code = codeOf(edge);
    let at = 0;
    for (const [first, last] of inBlocks(ordinals)) {
      let written = 0;
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const [from, to] = ends[at] ?? [0, 0];
        written += this.write(workload, code, { ordinal, from, to, data: data[ordinal], key: keys[ordinal] });
        if ((at += 1) % EDGES_PER_YIELD === 0) yield;
      }
      this.counts.change(workload, code, first, written);
    }
  }

  /** Returns how many edges there are more. */
  private write(workload: WorkloadId, code: number, { ordinal, from, to, key, data }: NewEdge): number {
    const { changes } = this.insert.run(workload, code, ordinal, from, to, key ?? null, data ?? null);
    if (key !== undefined) this.keys.choose(workload, code, key, ordinal);
    return Number(changes);
  }

  /** Deletes the edges with these ordinals, as far as there are any. */
  delete(workload: WorkloadId, code: number, ordinals: Ranges): Generator<void, void, void> {
    return this.counts.deleteAll(this.remove, workload, code, ordinals);
  }
}
