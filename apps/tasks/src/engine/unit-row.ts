import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Workloads, type WorkloadId } from '../workload/workloads.js';
import { type Unit, workloadOfKey } from './unit.js';
import { Vocabulary, type WordId } from './words.js';

/** A row of the `unit` table as SQLite gives it. */
export interface UnitRow {
  readonly key: number;
  readonly id: string;
  readonly workload: WorkloadId | null;
  readonly grp: WordId;
  readonly group_index: number;
  readonly idx: number;
  readonly name: WordId;
  readonly depends: string | null;
  readonly open_deps: number;
  readonly requirements: WordId;
  readonly status: WordId;
  readonly class: number | null;
  readonly priority: number;
  readonly instance: string | null;
  readonly site: WordId;
  readonly changed: number;
  readonly touched: number;
  readonly failures: number;
  readonly evictions: number;
  readonly walltime: number;
  readonly walltime_err: number;
  readonly walltime_err_n: number;
  readonly extra: string | null;
}

/** A unit together with the row that it was made from. */
export interface StoredUnit {
  readonly unit: Unit;
  readonly row: UnitRow;
}

/** Which workload lists the unit of a row. */
export const listingOf = (row: Pick<UnitRow, 'key' | 'workload'>): WorkloadId => row.workload ?? workloadOfKey(row.key);

/** Reads units on one connection. */
export class UnitReader {
  readonly words: Vocabulary;
  readonly workloads: Workloads;
  private readonly selectByKey: StatementSync;
  private readonly selectById: StatementSync;
  private readonly selectKey: StatementSync;

  constructor(readonly database: DatabaseSync) {
    this.words = new Vocabulary(database);
    this.workloads = new Workloads(database);
    this.selectByKey = database.prepare('SELECT * FROM unit WHERE key = ?');
    this.selectById = database.prepare('SELECT * FROM unit WHERE id = ?');
    this.selectKey = database.prepare('SELECT key FROM unit WHERE id = ?');
  }

  byKey(key: number): StoredUnit | undefined {
    const row = this.selectByKey.get(key) as UnitRow | undefined;
    return row === undefined ? undefined : { row, unit: this.unitOf(row) };
  }

  byId(id: string): StoredUnit | undefined {
    const row = this.selectById.get(id) as UnitRow | undefined;
    return row === undefined ? undefined : { row, unit: this.unitOf(row) };
  }

  keyOf(id: string): number | undefined {
    const row = this.selectKey.get(id);
    return row === undefined ? undefined : Number(row['key']);
  }

  unitOf(row: UnitRow): Unit {
    const { words, workloads } = this;
    return {
      key: row.key,
      id: row.id,
      workload: workloads.nameOf(listingOf(row)),
      group: words.group.wordOf(row.grp),
      groupIndex: row.group_index,
      index: row.idx,
      name: words.name.wordOf(row.name),
      depends: row.depends ?? '[]',
      requirements: words.requirements.wordOf(row.requirements),
      status: words.status.wordOf(row.status),
      priority: row.priority,
      instance: row.instance ?? '',
      site: words.site.wordOf(row.site),
      changedMicros: row.changed,
      failures: row.failures,
      evictions: row.evictions,
      walltimeHours: row.walltime,
      walltimeErrHours: row.walltime_err,
      walltimeErrCount: row.walltime_err_n,
      extra: row.extra ?? undefined,
    };
  }

  forget(): void {
    this.words.forget();
    this.workloads.forget();
  }
}
