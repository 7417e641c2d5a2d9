import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredUnit } from '../engine/unit-row.js';

/** Units ahead are counted up to this number. */
const AHEAD_MAX = 100_000;

/** How many ready units are claimed before another one. */
export interface QueuePosition {
  /** Of its ready class. */
  readonly ahead: number;
  /** Of all classes of its ready queue. */
  readonly aheadOfAll: number;
  /** There may be more than were counted. */
  readonly isCapped: boolean;
}

/** Finds the positions of ready units in their ready queues. */
export class QueuePositions {
  private readonly countHigher: StatementSync;
  private readonly countOlder: StatementSync;
  private readonly countHigherOfAll: StatementSync;
  private readonly countOlderOfAll: StatementSync;
  private readonly statuses: string;

  /** @param openStatuses statuses of workloads whose units are handed out; units without a submitted workload always are */
  constructor(database: DatabaseSync, openStatuses: readonly string[]) {
    this.statuses = JSON.stringify(openStatuses);
    const count = (rows: string): StatementSync =>
      database.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM ${rows} LIMIT ${AHEAD_MAX})`);
    this.countHigher = count('unit WHERE class = ? AND priority > ?');
    this.countOlder = count('unit WHERE class = ? AND priority = ? AND key < ?');
    const claimable = `unit_class JOIN workload ON workload.id = unit_class.workload
      AND (workload.status IS NULL OR workload.status IN (SELECT value FROM json_each(?)))
      CROSS JOIN unit ON unit.class = unit_class.id`;
    const queue = 'queue = (SELECT queue FROM unit_class WHERE id = ?) AND NOT flags & 1';
    this.countHigherOfAll = count(`${claimable} WHERE ${queue} AND priority > ?`);
    this.countOlderOfAll = count(`${claimable} WHERE ${queue} AND priority = ? AND unit.id < ?`);
  }

  /** Undefined for a unit that is in no ready queue. */
  of({ unit, row }: StoredUnit): QueuePosition | undefined {
    const { class: ready, priority, key } = row;
    if (ready === null) return undefined;
    const ahead = this.countHigher.get(ready, priority)?.['n'];
    const older = this.countOlder.get(ready, priority, key)?.['n'];
    const aheadOfAll = this.countHigherOfAll.get(this.statuses, ready, priority)?.['n'];
    const olderOfAll = this.countOlderOfAll.get(this.statuses, ready, priority, unit.id)?.['n'];
    const sum = (one: unknown, other: unknown): number => Math.min(AHEAD_MAX, Number(one) + Number(other));
    const ofAll = sum(aheadOfAll, olderOfAll);
    return { ahead: sum(ahead, older), aheadOfAll: ofAll, isCapped: ofAll === AHEAD_MAX };
  }
}
