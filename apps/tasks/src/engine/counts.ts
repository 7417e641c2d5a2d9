import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { StatusId } from './statuses.js';
import type { WordId } from './words.js';

/** Workloads whose counts are kept in memory. All are dropped when there are more. */
const IN_MEMORY_MAX = 1_000;

/** Changes of rows that are kept before they are written. */
const CHANGES_MAX = 10_000;

/** What is still to be written on a connection. */
const unwritten = new WeakMap<DatabaseSync, Counts>();

/** Whoever reads `unit_count` on a connection that may be writing calls this before: what events have changed is written later. */
export const writeUnitCounts = (database: DatabaseSync): void => unwritten.get(database)?.write();

/** Where changes of the number of units go: to the tables, or to {@link CountChanges}. */
export interface CountSink {
  change(workload: WorkloadId, name: WordId, status: WordId, isGpu: boolean, by: number): void;
  /** Documents list names in the order of the lowest index that a unit of the name has ever had. */
  recordNameOrder(workload: WorkloadId, name: WordId, index: number): void;
}

/** Updates counts of units by increments, so that no summary has to read units. */
export class Counts implements CountSink {
  private readonly add: StatementSync;
  private readonly addToTotal: StatementSync;
  private readonly order: StatementSync;
  private readonly selectByStatus: ArrayStatement<readonly [status: StatusId, n: number]>;
  private readonly changed = new Set<WorkloadId>();
  /** Written once for the events of a transaction, or when somebody asks: those of one workload mostly change the same few rows. */
  private readonly rows = new Map<
    string,
    [workload: WorkloadId, name: WordId, status: WordId, gpu: number, by: number]
  >();
  /** By kind; written by {@link flush}, because each change adds to one of a few rows. */
  private readonly totals = new Map<number, number>();
  /** A workload may have thousands of rows, and is asked for in each transaction that changes it. */
  private readonly byStatus = new Map<WorkloadId, Map<StatusId, number>>();

  constructor(database: DatabaseSync) {
    unwritten.set(database, this);
    this.add = database.prepare(
      `INSERT INTO unit_count (workload, name, status, gpu, n) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n`,
    );
    this.addToTotal = database.prepare(
      'INSERT INTO unit_total (kind, n) VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    );
    this.order = database.prepare(
      `INSERT INTO unit_name_order (workload, name, first_index) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET first_index = excluded.first_index WHERE excluded.first_index < first_index`,
    );
    this.selectByStatus = arrayStatement(
      database,
      'SELECT status, sum(n) FROM unit_count WHERE workload = ? GROUP BY status',
    );
  }

  change(workload: WorkloadId, name: WordId, status: WordId, isGpu: boolean, by: number): void {
    if (by === 0) return;
    this.changed.add(workload);
    const known = this.byStatus.get(workload);
    known?.set(status, (known.get(status) ?? 0) + by);
    const key = `${workload} ${name} ${status} ${+isGpu}`;
    const row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, [workload, name, status, +isGpu, by]);
    else row[4] += by;
    if (this.rows.size >= CHANGES_MAX) this.write();
    const kind = 2 * status + +isGpu;
    this.totals.set(kind, (this.totals.get(kind) ?? 0) + by);
  }

  /** Zeros, too: which rows there are does not depend on where transactions end. */
  write(): void {
    for (const row of this.rows.values()) this.add.run(...row);
    this.rows.clear();
  }

  /** Writes sums over all workloads, too, which nobody reads inside of a transaction. */
  flush(): void {
    this.write();
    for (const [kind, by] of this.totals) this.addToTotal.run(kind, by);
    this.totals.clear();
  }

  recordNameOrder(workload: WorkloadId, name: WordId, index: number): void {
    this.order.run(workload, name, index);
  }

  /** The workloads whose counts have changed since this was last called. */
  takeChanged(): readonly WorkloadId[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  /** How many units of each status a workload lists; some may be 0. */
  ofWorkload(workload: WorkloadId): ReadonlyMap<StatusId, number> {
    let counts = this.byStatus.get(workload);
    if (counts === undefined) {
      if (this.byStatus.size >= IN_MEMORY_MAX) this.byStatus.clear();
      this.write();
      this.byStatus.set(workload, (counts = new Map(this.selectByStatus.all(workload))));
    }
    return counts;
  }

  forget(): void {
    this.changed.clear();
    this.rows.clear();
    this.totals.clear();
    this.byStatus.clear();
  }
}

/** Sums the changes that many units bring, so that few rows are written. */
export class CountChanges implements CountSink {
  private readonly changes = new Map<string, [...Parameters<CountSink['change']>]>();
  private readonly lowest = new Map<string, [...Parameters<CountSink['recordNameOrder']>]>();

  change(workload: WorkloadId, name: WordId, status: WordId, isGpu: boolean, by: number): void {
    const key = `${workload} ${name} ${status} ${isGpu}`;
    const known = this.changes.get(key);
    if (known === undefined) this.changes.set(key, [workload, name, status, isGpu, by]);
    else known[4] += by;
  }

  recordNameOrder(workload: WorkloadId, name: WordId, index: number): void {
    const key = `${workload} ${name}`;
    const known = this.lowest.get(key);
    if (known === undefined) this.lowest.set(key, [workload, name, index]);
    else known[2] = Math.min(known[2], index);
  }

  flush(counts: Counts): void {
    for (const change of this.changes.values()) counts.change(...change);
    for (const order of this.lowest.values()) counts.recordNameOrder(...order);
    this.changes.clear();
    this.lowest.clear();
  }
}
