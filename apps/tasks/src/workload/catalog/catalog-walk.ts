import type { DatabaseSync } from 'node:sqlite';
import type { WorkloadOrder } from '#contracts/workloads.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { Slices } from '#event-sourcing/slices.js';
import { Heap } from '../../engine/heap.js';
import type { WorkloadId } from '../workloads.js';

/** A workload in a list, with what filters look at. */
export interface CatalogEntry {
  readonly workload: WorkloadId;
  /** What the list is sorted by. */
  readonly value: number | string;
  readonly createdMicros: number;
  readonly changedMicros: number;
  readonly progress: number;
  readonly classId: number;
  readonly name: string;
  readonly owner: string;
}

/** A place in a list: behind the entry with these. */
export type Place = Pick<CatalogEntry, 'value' | 'createdMicros' | 'workload'>;

export interface Order {
  readonly by: WorkloadOrder;
  readonly descending: boolean;
}

/** Entries with the same value in one column: an index has them in order. */
export interface Run {
  readonly column: 'class' | 'owner';
  readonly key: number | string;
  /** Of a class. */
  readonly status?: string;
}

/** Rows that are read of all runs together at first, and of one at a time: of many runs a page needs few rows each. */
const ROWS_FIRST = 256;
const ROWS_MAX = 512;

type EntryValues = readonly [
  ...[workload: number, value: number, created: number, changed: number, progress: number],
  ...[classId: number, name: string, owner: string],
];

/** The columns by which the entries of a run are ordered. */
const ORDERED_BY: Readonly<Record<WorkloadOrder, readonly string[]>> = {
  created: ['created', 'workload'],
  changed: ['changed', 'created', 'workload'],
  progress: ['progress', 'created', 'workload'],
  // All entries of a class have the same.
  status: ['created', 'workload'],
};

const statementsOn = perConnection(() => new Map<string, ArrayStatement<EntryValues>>());

const statementFor = (
  database: DatabaseSync,
  { column }: Run,
  { by, descending }: Order,
): ArrayStatement<EntryValues> => {
  const columns = ORDERED_BY[by];
  const order = columns.map((each) => (descending ? `${each} DESC` : each)).join(', ');
  const marks = columns.map(() => '?').join(', ');
  const sql = `SELECT workload, ${columns[0]}, created, changed, progress, class, name, owner FROM catalog
    WHERE class IS NOT NULL AND ${column} = ? AND (${columns.join(', ')}) ${descending ? '<' : '>'} (${marks})
    ORDER BY ${order} LIMIT ?`;
  const statements = statementsOn(database);
  const statement = statements.get(sql) ?? arrayStatement<EntryValues>(database, sql);
  statements.set(sql, statement);
  return statement;
};

/** Compares two places of a list: negative when the first comes first. */
export const comparePlaces = (one: Place, other: Place, { descending }: Order): number => {
  const before = compareValues(one.value, other.value) || one.createdMicros - other.createdMicros;
  const order = before || one.workload - other.workload;
  return descending ? -order : order;
};

const compareValues = (one: number | string, other: number | string): number =>
  one === other ? 0 : one < other ? -1 : 1;

/** Walks along one run. */
class RunCursor {
  private rows: readonly EntryValues[] = [];
  private at = 0;
  private readonly statement: ArrayStatement<EntryValues>;

  /**
   * @param bounds the first entry has greater ones (or lesser ones, in descending order)
   * @param limit rows to read first; then twice as many each time
   */
  constructor(
    database: DatabaseSync,
    private readonly run: Run,
    private readonly order: Order,
    private bounds: readonly number[],
    private limit: number,
  ) {
    this.statement = statementFor(database, run, order);
  }

  /** Goes on to the next entry. Undefined at the end. */
  next(): CatalogEntry | undefined {
    if (this.at === this.rows.length && !this.read()) return undefined;
    const row = this.rows[this.at];
    this.at += 1;
    if (row === undefined) return undefined;
    const [workload, value, createdMicros, changedMicros, progress, classId, name, owner] = row;
    const { status = '' } = this.run;
    return {
      ...{ workload, value: this.order.by === 'status' ? status : value, createdMicros, changedMicros },
      ...{ progress, classId, name, owner },
    };
  }

  private read(): boolean {
    const last = this.rows.at(-1);
    if (last !== undefined) {
      const [workload, value, created] = last;
      this.bounds = ORDERED_BY[this.order.by].length === 2 ? [created, workload] : [value, created, workload];
      this.limit = Math.min(2 * this.limit, ROWS_MAX);
    }
    this.rows = this.statement.all(this.run.key, ...this.bounds, this.limit);
    this.at = 0;
    return this.rows.length > 0;
  }
}

interface Head {
  readonly cursor: RunCursor;
  entry: CatalogEntry;
}

/** Where a run begins behind a place; undefined when all of it comes before. */
const boundsOf = (run: Run, order: Order, behind: Place | undefined): readonly number[] | undefined => {
  const columns = ORDERED_BY[order.by].length;
  const all = Array.from({ length: columns }, () => (order.descending ? Number.MAX_SAFE_INTEGER : -1));
  if (behind === undefined) return all;
  const { value, createdMicros, workload } = behind;
  if (order.by !== 'status')
    return columns === 2 ? [createdMicros, workload] : [Number(value), createdMicros, workload];
  const side = compareValues(run.status ?? '', value);
  if (side === 0) return [createdMicros, workload];
  return side < 0 === order.descending ? all : undefined;
};

/** The entries of several runs behind a place, merged: no more is read of each than the reader comes to. */
export async function* mergedRuns(
  database: DatabaseSync,
  runs: readonly Run[],
  order: Order,
  behind: Place | undefined,
  slices: Slices,
): AsyncGenerator<CatalogEntry, void, void> {
  const heads = new Heap<Head>(({ entry: one }, { entry: other }) => comparePlaces(one, other, order) < 0);
  const rowsFirst = Math.ceil(ROWS_FIRST / runs.length);
  for (const run of runs) {
    const bounds = boundsOf(run, order, behind);
    if (bounds === undefined) continue;
    const cursor = new RunCursor(database, run, order, bounds, rowsFirst);
    const entry = cursor.next();
    if (entry !== undefined) heads.push({ cursor, entry });
    if (slices.spent) await slices.pause();
  }
  for (let { top } = heads; top !== undefined; { top } = heads) {
    yield top.entry;
    const entry = top.cursor.next();
    if (entry === undefined) heads.dropTop();
    else {
      top.entry = entry;
      heads.siftDownTop();
    }
    if (slices.spent) await slices.pause();
  }
}
