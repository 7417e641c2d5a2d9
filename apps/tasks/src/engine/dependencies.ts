import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Policy } from './policy.js';
import type { UnitKey } from './unit.js';
import type { UnitReader } from './unit-row.js';

/**
 * Who waits for whom. Units name their blockers by public id; an id that nobody has (yet) keeps its dependent waiting,
 * and is resolved when its unit comes: streams of different workloads are in no order.
 */
export class Dependencies {
  private readonly insertEdge: StatementSync;
  private readonly deleteEdge: StatementSync;
  private readonly insertUnknown: StatementSync;
  private readonly deleteUnknown: StatementSync;
  private readonly takeUnknown: StatementSync;
  private readonly selectUnknown: StatementSync;
  private readonly selectDependents: StatementSync;
  private readonly selectStatus: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly reader: UnitReader,
    private readonly policy: Policy,
  ) {
    this.insertEdge = database.prepare('INSERT OR IGNORE INTO unit_edge (blocker, dependent) VALUES (?, ?)');
    this.deleteEdge = database.prepare('DELETE FROM unit_edge WHERE blocker = ? AND dependent = ?');
    this.insertUnknown = database.prepare(
      'INSERT OR IGNORE INTO unit_edge_unknown (blocker_id, dependent) VALUES (?, ?)',
    );
    this.deleteUnknown = database.prepare('DELETE FROM unit_edge_unknown WHERE blocker_id = ? AND dependent = ?');
    this.takeUnknown = database.prepare('DELETE FROM unit_edge_unknown WHERE blocker_id = ? RETURNING dependent');
    this.selectUnknown = database.prepare(
      'SELECT DISTINCT blocker_id FROM unit_edge_unknown WHERE blocker_id BETWEEN ? AND ? ORDER BY blocker_id',
    );
    this.selectDependents = database.prepare('SELECT dependent FROM unit_edge WHERE blocker = ?');
    this.selectStatus = database.prepare('SELECT key, status FROM unit WHERE id = ?');
  }

  /** Makes a unit wait for others; answers how many of them are not complete. */
  link(dependent: UnitKey, blockerIds: readonly string[]): number {
    let open = 0;
    for (const id of blockerIds) {
      const row = this.selectStatus.get(id);
      if (row === undefined) this.insertUnknown.run(id, dependent);
      else this.insertEdge.run(Number(row['key']), dependent);
      const status = row === undefined ? undefined : this.reader.words.status.wordOf(Number(row['status']));
      if (status === undefined || !this.policy.satisfies(status)) open += 1;
    }
    return open;
  }

  /** An edge between units that are known to be there. */
  linkKeys(blocker: UnitKey, dependent: UnitKey): void {
    this.insertEdge.run(blocker, dependent);
  }

  unlink(dependent: UnitKey, blockerIds: readonly string[]): void {
    for (const id of blockerIds) {
      const blocker = this.reader.keyOf(id);
      if (blocker !== undefined) this.deleteEdge.run(blocker, dependent);
      this.deleteUnknown.run(id, dependent);
    }
  }

  /** A new unit: whoever waits for its id now waits for it. Answers by how much their open dependencies change. */
  discover(id: string, key: UnitKey, isSatisfied: boolean): [UnitKey, number][] {
    const changes: [UnitKey, number][] = [];
    for (const row of this.takeUnknown.all(id)) {
      const dependent = Number(row['dependent']);
      this.insertEdge.run(key, dependent);
      if (isSatisfied) changes.push([dependent, -1]);
    }
    return changes;
  }

  /** Ids in a range that somebody waits for and nobody has. */
  unknownIds(from: string, to: string): string[] {
    return this.selectUnknown.all(from, to).map((row) => String(row['blocker_id']));
  }

  dependentsOf(blocker: UnitKey): UnitKey[] {
    return this.selectDependents.all(blocker).map((row) => Number(row['dependent']));
  }
}
