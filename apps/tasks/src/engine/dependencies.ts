import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StatusId } from './statuses.js';
import type { UnitKey } from './unit.js';
import type { WordId } from './words.js';

/**
 * Which units depend on which, inside one dialect. Units name their blockers by public id. An id without a unit blocks its
 * dependent too, until the unit is added. That may happen later, because streams of different workloads have no common order.
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
    private readonly satisfies: (status: StatusId) => boolean,
  ) {
    this.insertEdge = database.prepare('INSERT OR IGNORE INTO unit_edge (blocker, dependent) VALUES (?, ?)');
    this.deleteEdge = database.prepare('DELETE FROM unit_edge WHERE blocker = ? AND dependent = ?');
    this.insertUnknown = database.prepare(
      'INSERT OR IGNORE INTO unit_edge_unknown (dialect, blocker_id, dependent) VALUES (?, ?, ?)',
    );
    this.deleteUnknown = database.prepare(
      'DELETE FROM unit_edge_unknown WHERE dialect = ? AND blocker_id = ? AND dependent = ?',
    );
    this.takeUnknown = database.prepare(
      'DELETE FROM unit_edge_unknown WHERE dialect = ? AND blocker_id = ? RETURNING dependent',
    );
    this.selectUnknown = database.prepare(
      `SELECT DISTINCT blocker_id FROM unit_edge_unknown WHERE dialect = ? AND blocker_id BETWEEN ? AND ?
       ORDER BY blocker_id`,
    );
    this.selectDependents = database.prepare('SELECT dependent FROM unit_edge WHERE blocker = ?');
    this.selectStatus = database.prepare('SELECT key, status FROM unit WHERE dialect = ? AND id = ?');
  }

  /** Makes a unit depend on others; returns how many of these dependencies are open. */
  link(dialect: WordId, dependent: UnitKey, blockerIds: readonly string[]): number {
    let open = 0;
    for (const id of blockerIds) {
      const row = this.selectStatus.get(dialect, id);
      if (row === undefined) this.insertUnknown.run(dialect, id, dependent);
      else this.insertEdge.run(Number(row['key']), dependent);
      if (row === undefined || !this.satisfies(Number(row['status']))) open += 1;
    }
    return open;
  }

  /** Adds an edge between two units that exist. */
  linkKeys(blocker: UnitKey, dependent: UnitKey): void {
    this.insertEdge.run(blocker, dependent);
  }

  unlink(dialect: WordId, dependent: UnitKey, blockerIds: readonly string[]): void {
    for (const id of blockerIds) {
      const blocker = this.selectStatus.get(dialect, id)?.['key'];
      if (typeof blocker === 'number') this.deleteEdge.run(blocker, dependent);
      this.deleteUnknown.run(dialect, id, dependent);
    }
  }

  /** Resolves dependencies on a unit that was added. Returns the change of each dependent's number of open dependencies. */
  discover(dialect: WordId, id: string, key: UnitKey, isSatisfied: boolean): [UnitKey, number][] {
    const changes: [UnitKey, number][] = [];
    for (const row of this.takeUnknown.all(dialect, id)) {
      const dependent = Number(row['dependent']);
      this.insertEdge.run(key, dependent);
      if (isSatisfied) changes.push([dependent, -1]);
    }
    return changes;
  }

  /** Ids in a range on which units depend, but which no unit has. */
  unknownIds(dialect: WordId, from: string, to: string): string[] {
    return this.selectUnknown.all(dialect, from, to).map((row) => String(row['blocker_id']));
  }

  dependentsOf(blocker: UnitKey): UnitKey[] {
    return this.selectDependents.all(blocker).map((row) => Number(row['dependent']));
  }
}
