import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { arrayStatement, type Row as Values } from './array-statement.js';
import type { ColumnNames } from './projection.js';

/** A row that is not the same in both files. */
export interface RowDifference {
  /** Its primary key, with names instead of numbers that are the file's own. */
  readonly key: string;
  /** Columns that differ, with both values; absent when only one of the files has the row. */
  readonly columns?: Readonly<Record<string, readonly [live: SQLOutputValue, rebuilt: SQLOutputValue]>>;
  readonly onlyIn?: 'live' | 'rebuilt';
}

export interface TableDifference {
  readonly table: string;
  /** Rows that differ. */
  readonly count: number;
  /** The first of them. */
  readonly rows: readonly RowDifference[];
}

/** Rows of a table that are told; more say nothing new. */
const ROWS_TOLD_MAX = 20;

interface Column {
  readonly name: string;
  /** What it says, as SQL about the row `t`. */
  readonly expression: string;
  readonly isKey: boolean;
}

interface Row {
  readonly key: string;
  readonly values: Values;
}

/** Tables of projections; the runner's own begin with `model_`. */
const tablesOf = (database: DatabaseSync): readonly string[] =>
  database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'model\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all()
    .map(({ name }) => String(name));

/** Columns of the primary key, else of the first unique index, else all. */
const keyColumns = (database: DatabaseSync, table: string): ReadonlySet<string> => {
  const info = database.prepare('SELECT name, pk FROM pragma_table_info(?)').all(table);
  const primary = info.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
  if (primary.length > 0) return new Set(primary);
  const unique = database
    .prepare(
      `SELECT c.name FROM pragma_index_info((SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 LIMIT 1)) c`,
    )
    .all(table);
  return new Set((unique.length > 0 ? unique : info).map(({ name }) => String(name)));
};

const columnsOf = (database: DatabaseSync, table: string, names: ColumnNames): readonly Column[] => {
  const keys = keyColumns(database, table);
  return database
    .prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid')
    .all(table)
    .map(({ name: given }) => {
      const name = String(given);
      return { name, expression: names[`${table}.${name}`] ?? `t."${name}"`, isKey: keys.has(name) };
    });
};

function* rowsOf(
  database: DatabaseSync,
  table: string,
  columns: readonly Column[],
  filter: string,
): Generator<Row, void, void> {
  const key = columns.filter(({ isKey }) => isKey).map(({ expression }) => `quote(${expression})`);
  const values = columns.map(({ expression }) => expression);
  const statement = arrayStatement(
    database,
    `SELECT ${[key.join(" || ' ' || "), ...values].join(', ')} FROM "${table}" t WHERE ${filter} ORDER BY 1`,
  );
  for (const [first, ...rest] of statement.iterate()) yield { key: String(first), values: rest };
}

/**
 * The rows of every table of a read model, in the order of their keys. Equal contents are equal models.
 *
 * @param names of numbers that each file gives by itself
 */
export const contentOf = (database: DatabaseSync, names: ColumnNames): Readonly<Record<string, readonly Row[]>> =>
  Object.fromEntries(
    tablesOf(database).map((table) => [
      table,
      [...rowsOf(database, table, columnsOf(database, table, names), names[table] ?? 'TRUE')],
    ]),
  );

/** In the order of SQLite, which is that of the bytes. */
const compareKeys = (one: string, other: string): number =>
  one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));

const isSame = (one: SQLOutputValue, other: SQLOutputValue): boolean =>
  one instanceof Uint8Array && other instanceof Uint8Array ? Buffer.compare(one, other) === 0 : one === other;

const differenceOf = (live: Row, rebuilt: Row, columns: readonly Column[]): RowDifference | undefined => {
  const differing = columns.flatMap(({ name }, index) => {
    const pair = [live.values[index] ?? null, rebuilt.values[index] ?? null] as const;
    return isSame(...pair) ? [] : [[name, pair] as const];
  });
  return differing.length === 0 ? undefined : { key: live.key, columns: Object.fromEntries(differing) };
};

/** Both files' rows side by side, by their keys. */
function* differingRows(
  live: Iterator<Row, void>,
  rebuilt: Iterator<Row, void>,
  columns: readonly Column[],
): Generator<RowDifference, void, void> {
  let [one, other] = [live.next(), rebuilt.next()];
  while (one.done !== true || other.done !== true) {
    const order = one.done === true ? 1 : other.done === true ? -1 : compareKeys(one.value.key, other.value.key);
    if (order < 0 && one.done !== true) {
      yield { key: one.value.key, onlyIn: 'live' };
    } else if (order > 0 && other.done !== true) {
      yield { key: other.value.key, onlyIn: 'rebuilt' };
    } else if (one.done !== true && other.done !== true) {
      const difference = differenceOf(one.value, other.value, columns);
      if (difference !== undefined) yield difference;
    }
    if (order <= 0) one = live.next();
    if (order >= 0) other = rebuilt.next();
  }
}

/**
 * What differs between the tables of two read models that were made of the same events. Keeps the thread busy.
 *
 * @param names of numbers that each file gives by itself
 */
export const compareModels = (
  live: DatabaseSync,
  rebuilt: DatabaseSync,
  names: ColumnNames,
): readonly TableDifference[] =>
  tablesOf(rebuilt).flatMap((table) => {
    const columns = columnsOf(rebuilt, table, names);
    const rowsIn = (database: DatabaseSync) => rowsOf(database, table, columns, names[table] ?? 'TRUE');
    const rows: RowDifference[] = [];
    let count = 0;
    for (const row of differingRows(rowsIn(live), rowsIn(rebuilt), columns)) {
      count += 1;
      if (rows.length < ROWS_TOLD_MAX) rows.push(row);
    }
    return count === 0 ? [] : [{ table, count, rows }];
  });
