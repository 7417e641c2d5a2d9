import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StatusId } from './statuses.js';
import type { UnitKey } from './unit.js';
import type { WordId } from './words.js';

/** Edges that are read at a time. */
export const EDGES_READ = 1_000;

/** A dependency on a unit that exists. */
export interface Edge {
  readonly blocker: UnitKey;
  readonly dependent: UnitKey;
  /** Of the blocker. */
  readonly status: StatusId;
}

/**
 * Which units depend on which, inside one dialect. Units name their blockers by public id. An id without a unit blocks its
 * dependent too, until the unit is added. That may happen later, because streams of different workloads have no common order.
 */
export class Dependencies {
  /** Dialects by whether dependencies on unknown ids may exist: most have none, and new units need not ask for theirs. */
  private readonly hasUnknown = new Map<WordId, boolean>();
  private readonly selectAnyUnknown: StatementSync;
  private readonly insertEdge: StatementSync;
  private readonly deleteEdge: StatementSync;
  private readonly insertUnknown: StatementSync;
  private readonly deleteUnknown: StatementSync;
  private readonly takeUnknown: StatementSync;
  private readonly selectUnknown: StatementSync;
  private readonly selectEdges: StatementSync;
  private readonly deleteEdges: StatementSync;
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
    this.selectAnyUnknown = database.prepare('SELECT 1 FROM unit_edge_unknown WHERE dialect = ? LIMIT 1');
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
    this.selectEdges = database.prepare(
      `SELECT blocker, dependent, status FROM unit_edge CROSS JOIN unit ON key = blocker
       WHERE (blocker, dependent) > (?, ?) AND blocker <= ? ORDER BY blocker, dependent LIMIT ${EDGES_READ}`,
    );
    this.selectStatus = database.prepare('SELECT key, status FROM unit WHERE dialect = ? AND id = ?');
    this.deleteEdges = database.prepare('DELETE FROM unit_edge WHERE blocker >= ? AND (blocker, dependent) <= (?, ?)');
  }

  /** Makes a unit depend on others; returns how many of these dependencies are open. */
  link(dialect: WordId, dependent: UnitKey, blockerIds: readonly string[]): number {
    let open = 0;
    for (const id of blockerIds) {
      const row = this.selectStatus.get(dialect, id);
      if (row === undefined) {
        this.insertUnknown.run(dialect, id, dependent);
        this.hasUnknown.set(dialect, true);
      } else this.insertEdge.run(Number(row['key']), dependent);
      if (row === undefined || !this.satisfies(Number(row['status']))) open += 1;
    }
    return open;
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
    if (!this.mayBeAwaited(dialect)) return changes;
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

  /**
   * The dependencies on units in a range of keys, after one of them or from the first. Shorter than {@link EDGES_READ} at the end.
   */
  edgesOn(from: UnitKey, to: UnitKey, after?: Edge): Edge[] {
    return this.selectEdges.all(after?.blocker ?? from, after?.dependent ?? -1, to).map((row) => ({
      blocker: Number(row['blocker']),
      dependent: Number(row['dependent']),
      status: Number(row['status']),
    }));
  }

  /** Removes all dependencies on units in a range of keys. */
  *removeEdgesOn(from: UnitKey, to: UnitKey): Generator<void, void, void> {
    for (let last = this.edgesOn(from, to).at(-1); last !== undefined; last = this.edgesOn(from, to).at(-1)) {
      this.deleteEdges.run(from, last.blocker, last.dependent);
      yield;
    }
  }

  /** Adds an edge between two units. Returns whether it is new. */
  addEdge(blocker: UnitKey, dependent: UnitKey): boolean {
    return this.insertEdge.run(blocker, dependent).changes === 1;
  }

  /** Removes an edge between two units. Returns whether there was one. */
  removeEdge(blocker: UnitKey, dependent: UnitKey): boolean {
    return this.deleteEdge.run(blocker, dependent).changes === 1;
  }

  /** Drops what a transaction that was rolled back may have found. */
  forget(): void {
    this.hasUnknown.clear();
  }

  private mayBeAwaited(dialect: WordId): boolean {
    let known = this.hasUnknown.get(dialect);
    if (known === undefined) {
      known = this.selectAnyUnknown.get(dialect) !== undefined;
      this.hasUnknown.set(dialect, known);
    }
    return known;
  }
}
