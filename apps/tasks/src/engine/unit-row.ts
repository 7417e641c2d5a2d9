import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import type { Dialect } from '#ledger/ref.js';
import { workloadOfKey } from '../workload/member-key.js';
import { Workloads, type WorkloadId } from '../workload/workloads.js';
import type { StatusId } from './statuses.js';
import type { Unit } from './unit.js';
import { Vocabulary, type WordId } from './words.js';

/** A row of the `unit` table as SQLite gives it. */
export interface UnitRow {
  readonly key: number;
  readonly id: string;
  readonly workload: WorkloadId | null;
  readonly grp: WordId | null;
  readonly group_index: number;
  readonly idx: number;
  readonly name: WordId;
  readonly depends: string | null;
  readonly open_deps: number;
  readonly requirements: WordId;
  readonly status: StatusId;
  readonly class: number | null;
  readonly priority: number;
  readonly lease_id: string | null;
  readonly site: WordId;
  readonly changed: number;
  readonly touched: number;
  readonly revision: number;
  readonly failures: number;
  readonly evictions: number;
  readonly walltime: number;
  readonly walltime_err: number;
  readonly walltime_err_n: number;
  readonly extra: string | null;
  readonly label: WordId | null;
  readonly holder: string | null;
}

/** The columns after key and id that {@link rowOf} reads, in the order of {@link UnitValues}. */
export const UNIT_COLUMNS: readonly string[] = [
  ...[
    'workload',
    'grp',
    'group_index',
    'idx',
    'name',
    'depends',
    'open_deps',
    'requirements',
    'status',
    'class',
    'priority',
  ],
  ...[
    'lease_id',
    'site',
    'changed',
    'touched',
    'revision',
    'failures',
    'evictions',
    'walltime',
    'walltime_err',
    'walltime_err_n',
  ],
  'extra',
  'label',
  'holder',
];

type UnitValues = readonly [
  key: number,
  id: string,
  workload: WorkloadId | null,
  grp: WordId | null,
  group_index: number,
  idx: number,
  name: WordId,
  depends: string | null,
  open_deps: number,
  requirements: WordId,
  status: StatusId,
  readyClass: number | null,
  priority: number,
  lease_id: string | null,
  site: WordId,
  changed: number,
  touched: number,
  revision: number,
  failures: number,
  evictions: number,
  walltime: number,
  walltime_err: number,
  walltime_err_n: number,
  extra: string | null,
  label: WordId | null,
  holder: string | null,
];

/** A row from a statement that returns arrays. */
export const rowOf = (values: Row): UnitRow => {
  const row = values as UnitValues;
  return {
    key: row[0],
    id: row[1],
    workload: row[2],
    grp: row[3],
    group_index: row[4],
    idx: row[5],
    name: row[6],
    depends: row[7],
    open_deps: row[8],
    requirements: row[9],
    status: row[10],
    class: row[11],
    priority: row[12],
    lease_id: row[13],
    site: row[14],
    changed: row[15],
    touched: row[16],
    revision: row[17],
    failures: row[18],
    evictions: row[19],
    walltime: row[20],
    walltime_err: row[21],
    walltime_err_n: row[22],
    extra: row[23],
    label: row[24],
    holder: row[25],
  };
};

/** Prepares a statement whose rows are for {@link rowOf}. */
export const prepareForRows = (database: DatabaseSync, where: string): ArrayStatement =>
  arrayStatement(database, `SELECT key, id, ${UNIT_COLUMNS.join(', ')} FROM unit WHERE ${where}`);

/** A unit together with the row that it was made from. */
export interface StoredUnit {
  readonly unit: Unit;
  readonly row: UnitRow;
}

/** The workload that lists the unit of a row. */
export const listingOf = (row: Pick<UnitRow, 'key' | 'workload'>): WorkloadId => row.workload ?? workloadOfKey(row.key);

/** Reads units on one connection. */
export class UnitReader {
  readonly words: Vocabulary;
  readonly workloads: Workloads;
  private readonly selectByKey: ArrayStatement;
  private readonly selectById: ArrayStatement;
  private readonly selectKey: StatementSync;

  constructor(readonly database: DatabaseSync) {
    this.words = new Vocabulary(database);
    this.workloads = new Workloads(database);
    this.selectByKey = prepareForRows(database, 'key = ?');
    this.selectById = prepareForRows(database, 'dialect = ? AND id = ?');
    this.selectKey = database.prepare('SELECT key FROM unit WHERE dialect = ? AND id = ?');
  }

  byKey(key: number): StoredUnit | undefined {
    return this.stored(this.selectByKey.get(key));
  }

  /** @param id public id in the dialect */
  byId(dialect: Dialect, id: string): StoredUnit | undefined {
    const code = this.words.dialect.find(dialect);
    return code === undefined ? undefined : this.stored(this.selectById.get(code, id));
  }

  keyOf(dialect: Dialect, id: string): number | undefined {
    const row = this.selectKey.get(this.words.dialect.find(dialect) ?? null, id);
    return row === undefined ? undefined : Number(row['key']);
  }

  unitOf(row: UnitRow): Unit {
    const { words, workloads } = this;
    const { word: status, outcome } = words.status.of(row.status);
    return {
      key: row.key,
      id: row.id,
      workload: workloads.nameOf(listingOf(row)),
      group: row.grp === null ? '' : words.group.wordOf(row.grp),
      groupIndex: row.group_index,
      index: row.idx,
      name: words.name.wordOf(row.name),
      depends: row.depends ?? '[]',
      requirements: words.requirements.wordOf(row.requirements),
      ...{ status, outcome },
      label: row.label === null ? '' : words.label.wordOf(row.label),
      priority: row.priority,
      leaseId: row.lease_id ?? '',
      holder: row.holder ?? '',
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

  private stored(values: Row | undefined): StoredUnit | undefined {
    if (values === undefined) return undefined;
    const row = rowOf(values);
    return { row, unit: this.unitOf(row) };
  }

  forget(): void {
    this.words.forget();
    this.workloads.forget();
  }
}
