import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { Slices } from '#event-sourcing/slices.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { movedHomes, type Revisions } from '../workload/changes.js';
import type { ListCursor } from '../workload/list-cursor.js';
import { keyOf, lastKeyOf, ordinalOfKey, WORKLOAD_OF_KEY } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { StatusId } from './statuses.js';
import type { WordId } from './words.js';

/** Rows read at a time: a few milliseconds. */
const CHUNK = 250;

/** Ordinals scanned at a time where no index helps: SQLite reads them in a few milliseconds. */
const WINDOW = 10_000;

/** Prepared statements cached per connection: one for each combination of columns and conditions. */
const STATEMENTS_MAX = 200;

/** Selects units. All given conditions must hold. */
export interface UnitFilter {
  readonly group?: WordId | undefined;
  readonly statuses?: readonly StatusId[] | undefined;
  readonly names?: readonly WordId[] | undefined;
  readonly groupIndex?: number | undefined;
  /** Only units with an event at this time or later, in microseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only units with an event after the revision of their home workload. Units of homes not listed here all match. */
  readonly behindRevisions?: Revisions | undefined;
}

/** Units that a workload lists, and what is read of each. */
export interface UnitQuery {
  readonly workload: WorkloadId;
  readonly filter: UnitFilter;
  /** SQL expressions: rows hold key, id and these. */
  readonly columns: readonly string[];
}

/** Number of columns that precede those of the query in a row. */
export const COLUMNS_BEFORE = 2;

export const keyIn = (row: Row): number => Number(row[0]);
export const idIn = (row: Row): string => String(row[1]);

/** Consecutive rows of a list. */
export interface UnitRows {
  readonly rows: readonly Row[];
  /** Where the walk continues. */
  readonly last: ListCursor;
}

/** The cursor after a row of a list. */
export const cursorAfterRow = ({ last }: UnitRows, row: Row): ListCursor =>
  last.at === 'home' ? { at: 'home', ordinal: ordinalOfKey(keyIn(row)) } : { at: 'elsewhere', id: idIn(row) };

interface Conditions {
  readonly sql: readonly string[];
  readonly values: readonly number[];
}

const inList = (column: string, ids: readonly WordId[]): string => `${column} IN (${ids.map(() => '?').join(', ')})`;

/** Conditions that no index serves. The unary plus keeps SQLite from using another index than the one that the walk follows. */
const conditionsOf = ({ group, statuses, names, groupIndex, since, behindRevisions }: UnitFilter): Conditions => {
  const parts: (readonly [sql: string, values: readonly number[]])[] = [];
  if (group !== undefined) parts.push(['+grp = ?', [group]]);
  if (statuses !== undefined) parts.push([inList('+status', statuses), statuses]);
  if (names !== undefined) parts.push([inList('name', names), names]);
  if (groupIndex !== undefined) parts.push(['group_index = ?', [groupIndex]]);
  if (since !== undefined) parts.push(['touched >= ?', [since]]);
  if (behindRevisions !== undefined) {
    const whens = behindRevisions.map(() => 'WHEN ? THEN ? ').join('');
    parts.push([`revision > CASE ${WORKLOAD_OF_KEY} ${whens}ELSE -1 END`, behindRevisions.flat()]);
  }
  return { sql: parts.map(([sql]) => sql), values: parts.flatMap(([, values]) => values) };
};

/** An index that leads to wanted units. */
interface Path {
  readonly sql: string;
  readonly value: number;
}

/** The most selective indexes. None when only the key range of the workload limits the search. */
const pathsOf = ({ group, statuses }: UnitFilter): readonly Path[] => {
  if (group !== undefined) return [{ sql: 'grp = ?', value: group }];
  return (statuses ?? []).map((status) => ({ sql: 'status = ?', value: status }));
};

/** The conditions that remain with the indexes of {@link pathsOf}. */
const withoutIndexed = ({ group, statuses, ...rest }: UnitFilter): UnitFilter =>
  group === undefined ? rest : { statuses, ...rest };

const byKey = (a: Row, b: Row): number => keyIn(a) - keyIn(b);

/** Reads units through one connection in chunks, so that other work can run in between. */
export class UnitScan {
  private readonly statements = new Map<string, ArrayStatement>();
  private readonly selectNewest: StatementSync;
  private readonly selectNewestOfGroup: StatementSync;

  constructor(private readonly database: DatabaseSync) {
    this.selectNewest = database.prepare('SELECT max(key) AS key FROM unit WHERE key > ? AND key <= ?');
    this.selectNewestOfGroup = database.prepare(
      `SELECT max(key) AS key FROM
         (SELECT key FROM unit WHERE grp = ? AND key > ? AND key <= ? ORDER BY key LIMIT ${WINDOW})`,
    );
  }

  /** The units that a workload lists after a cursor, in order of creation. */
  async *walk(query: UnitQuery, start: ListCursor, slices: Slices): AsyncGenerator<UnitRows, void, void> {
    for (let rows = this.next(query, start); rows !== undefined; rows = this.next(query, rows.last)) {
      yield rows;
      if (slices.spent) await slices.pause();
    }
  }

  /** The next units of all workloads of a dialect after an id. */
  behindId(dialect: WordId, columns: readonly string[], id: string): readonly Row[] {
    return this.select(columns, 'dialect = ? AND id > ? ORDER BY id LIMIT ?', dialect, id, CHUNK);
  }

  /** The next units of one status after a key. Workloads are in no particular order. */
  behindKey(columns: readonly string[], key: number, status: StatusId): readonly Row[] {
    return this.select(columns, 'status = ? AND key > ? ORDER BY key LIMIT ?', status, key, CHUNK);
  }

  byKey(columns: readonly string[], key: number): Row | undefined {
    return this.select(columns, 'key = ?', key)[0];
  }

  /** The next chunk, which may be empty. Undefined at the end. */
  private next(query: UnitQuery, after: ListCursor): UnitRows | undefined {
    const rows = after.at === 'home' ? this.atHome(query, after.ordinal) : undefined;
    return rows ?? this.elsewhere(query, after.at === 'elsewhere' ? after.id : '');
  }

  private atHome({ workload, filter, columns }: UnitQuery, ordinal: number): UnitRows | undefined {
    const paths = pathsOf(filter);
    const conditions = conditionsOf(paths.length === 0 ? filter : withoutIndexed(filter));
    const from = keyOf(workload, ordinal);
    const end = lastKeyOf(workload);
    const isSearch = conditions.sql.length > 0;
    const to = isSearch ? this.windowEnd(filter.group, from, end) : end;
    if (to === undefined) return undefined;
    const read = (path?: Path): Row[] => this.inRange(columns, path, conditions, from, to);
    // Each index returns up to a chunk of rows. The first rows of all of them are the chunk.
    const rows = paths.length === 0 ? read() : paths.flatMap(read);
    const chunk = paths.length > 1 ? rows.sort(byKey).slice(0, CHUNK) : rows;
    const last = isSearch && chunk.length < CHUNK ? to : chunk.at(-1)?.[0];
    return last === undefined ? undefined : { rows: chunk, last: { at: 'home', ordinal: ordinalOfKey(Number(last)) } };
  }

  /** The last key that SQLite scans for a chunk. Undefined at the end. */
  private windowEnd(group: WordId | undefined, from: number, end: number): number | undefined {
    const newest = (
      group === undefined ? this.selectNewest.get(from, end) : this.selectNewestOfGroup.get(group, from, end)
    )?.['key'];
    if (typeof newest !== 'number') return undefined;
    return group === undefined ? Math.min(from + WINDOW, newest) : newest;
  }

  private inRange(
    columns: readonly string[],
    path: Path | undefined,
    filter: Conditions,
    from: number,
    to: number,
  ): Row[] {
    const conditions = [...(path === undefined ? [] : [path.sql]), 'key > ? AND key <= ? AND workload IS NULL'];
    const where = `${[...conditions, ...filter.sql].join(' AND ')} ORDER BY key LIMIT ?`;
    const values = path === undefined ? [] : [path.value];
    return this.select(columns, where, ...values, from, to, ...filter.values, CHUNK);
  }

  private elsewhere({ workload, filter, columns }: UnitQuery, id: string): UnitRows | undefined {
    const { sql, values } = conditionsOf(filter);
    const where = `${['workload = ? AND id > ?', ...sql].join(' AND ')} ORDER BY id LIMIT ?`;
    const rows = this.select(columns, where, workload, id, ...values, CHUNK);
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: { at: 'elsewhere', id: idIn(last) } };
  }

  private select(columns: readonly string[], where: string, ...values: SQLInputValue[]): Row[] {
    const sql = `SELECT ${['key', 'id', ...columns].join(', ')} FROM unit WHERE ${where}`;
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      if (this.statements.size >= STATEMENTS_MAX) this.statements.clear();
      statement = arrayStatement<Row>(this.database, sql);
      this.statements.set(sql, statement);
    }
    return statement.all(...values);
  }
}

/** For lists of what has changed. */
export const homesOfMovedUnits = movedHomes('unit', 'workload');

const scanOf = perConnection((database) => new UnitScan(database));

/** The units that a snapshot shows. */
export const unitsIn = ({ database }: Snapshot): UnitScan => scanOf(database);
