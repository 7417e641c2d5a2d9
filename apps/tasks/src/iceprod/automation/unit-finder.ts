import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ranges } from '#contracts/work-events.js';
import { LISTING } from '../../engine/tables.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { UnitKey } from '../../engine/unit.js';
import type { WordId } from '../../engine/words.js';
import { keyOf, lastKeyOf, workloadOfKey } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { ICEPROD } from '../streams.js';

/** Rows that one chunk holds, and queries that it takes at most. */
const CHUNK = 500;

/** What automation reads of a unit. */
export interface FoundUnit {
  readonly key: UnitKey;
  /** Lists the unit: its home, unless somebody moved it. */
  readonly listing: WorkloadId;
  readonly group: WordId;
  readonly status: string;
  /** Whether all that it depends on is complete. */
  readonly isFree: boolean;
  readonly priority: number;
  readonly index: number;
  readonly groupIndex: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Finds units through one connection, in chunks of bounded size. */
export class UnitFinder {
  private readonly selectKey: StatementSync;
  private readonly selectRange: StatementSync;
  private readonly selectDependents: StatementSync;
  private readonly selectStatus: StatementSync;
  private readonly selectMoved: StatementSync;
  private readonly selectGroup: StatementSync;
  private readonly countGroup: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly reader: UnitReader,
  ) {
    const fields = 'key, id, workload, grp, status, open_deps, priority, idx, group_index';
    const columns = `SELECT ${fields} FROM unit`;
    const behind = `key > ? AND key <= ? ORDER BY key LIMIT ${CHUNK}`;
    this.selectKey = database.prepare(`${columns} WHERE key = ?`);
    this.selectRange = database.prepare(`${columns} WHERE ${behind}`);
    this.selectDependents = database.prepare(
      `SELECT blocker, ${fields} FROM unit_edge CROSS JOIN unit ON key = dependent
       WHERE (blocker, dependent) > (?, ?) AND blocker <= ? ORDER BY blocker, dependent LIMIT ${CHUNK}`,
    );
    this.selectStatus = database.prepare(`${columns} WHERE status = ? AND ${behind}`);
    // The sign keeps SQLite from walking the units of that status of all workloads.
    this.selectMoved = database.prepare(
      `${columns} WHERE workload = ? AND id > ? AND +status = ? ORDER BY id LIMIT ${CHUNK}`,
    );
    this.selectGroup = database.prepare(`${columns} WHERE grp = ?`);
    this.countGroup = database.prepare(
      `SELECT status, count(*) AS n FROM unit WHERE grp = ? AND ${LISTING} = ? GROUP BY status`,
    );
  }

  byKey(key: UnitKey): FoundUnit | undefined {
    const row = this.selectKey.get(key);
    return row === undefined ? undefined : this.found(row);
  }

  /** Units of some ordinals at home. */
  inRanges(home: WorkloadId, ranges: Ranges): Generator<readonly FoundUnit[]> {
    return this.gathered(this.rowsInRanges(home, ranges));
  }

  /** Units of any workload that depend on some of these. A unit that depends on several comes several times. */
  dependingOn(home: WorkloadId, ranges: Ranges): Generator<readonly FoundUnit[]> {
    return this.gathered(this.rowsDependingOn(home, ranges));
  }

  /** Units of one status that a workload lists. */
  *ofStatus(listing: WorkloadId, status: string): Generator<readonly FoundUnit[]> {
    const id = this.reader.words.status.find(ICEPROD, status);
    if (id === undefined) return;
    let after = keyOf(listing, 0) - 1;
    for (;;) {
      const rows = this.selectStatus.all(id, after, lastKeyOf(listing));
      if (rows.length === 0) break;
      after = Number(rows.at(-1)?.['key']);
      yield rows.map((row) => this.found(row)).filter((unit) => unit.listing === listing);
    }
    let afterId = '';
    for (;;) {
      const rows = this.selectMoved.all(listing, afterId, id);
      if (rows.length === 0) return;
      afterId = String(rows.at(-1)?.['id']);
      yield rows.map((row) => this.found(row));
    }
  }

  /** Tasks of a job that its dataset lists. */
  ofJob(listing: WorkloadId, jobId: string): readonly FoundUnit[] {
    const group = this.reader.words.group.find(jobId);
    if (group === undefined) return [];
    return this.selectGroup
      .all(group)
      .map((row) => this.found(row))
      .filter((unit) => unit.listing === listing);
  }

  countsOfJob(listing: WorkloadId, jobId: string): ReadonlyMap<string, number> {
    const group = this.reader.words.group.find(jobId);
    const rows = group === undefined ? [] : this.countGroup.all(group, listing);
    return new Map(rows.map((row) => [this.reader.words.status.wordOf(Number(row['status'])), Number(row['n'])]));
  }

  private *rowsInRanges(home: WorkloadId, ranges: Ranges): Generator<readonly Row[]> {
    for (const [first, last] of ranges) {
      const to = keyOf(home, last);
      let after = keyOf(home, first) - 1;
      for (let rows = this.selectRange.all(after, to); ; rows = this.selectRange.all(after, to)) {
        yield rows;
        if (rows.length < CHUNK) break;
        after = Number(rows.at(-1)?.['key']);
      }
    }
  }

  private *rowsDependingOn(home: WorkloadId, ranges: Ranges): Generator<readonly Row[]> {
    for (const [first, last] of ranges) {
      const to = keyOf(home, last);
      let [blocker, dependent] = [keyOf(home, first), -1];
      for (;;) {
        const rows = this.selectDependents.all(blocker, dependent, to);
        yield rows;
        if (rows.length < CHUNK) break;
        [blocker, dependent] = [Number(rows.at(-1)?.['blocker']), Number(rows.at(-1)?.['key'])];
      }
    }
  }

  /** Collects the results of single queries into chunks, because most ranges hold one unit. */
  private *gathered(chunks: Iterable<readonly Row[]>): Generator<readonly FoundUnit[]> {
    let found: FoundUnit[] = [];
    let queries = 0;
    for (const rows of chunks) {
      for (const row of rows) found.push(this.found(row));
      queries += 1;
      if (found.length < CHUNK && queries < CHUNK) continue;
      yield found;
      [found, queries] = [[], 0];
    }
    yield found;
  }

  private found(row: Row): FoundUnit {
    const key = Number(row['key']);
    return {
      key,
      listing: row['workload'] === null ? workloadOfKey(key) : Number(row['workload']),
      group: Number(row['grp']),
      status: this.reader.words.status.wordOf(Number(row['status'])),
      isFree: Number(row['open_deps']) <= 0,
      priority: Number(row['priority']),
      index: Number(row['idx']),
      groupIndex: Number(row['group_index']),
    };
  }
}
