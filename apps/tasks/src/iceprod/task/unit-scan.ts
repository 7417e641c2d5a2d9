import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { listingOf, prepareForRows, rowOf, type UnitRow } from '../../engine/unit-row.js';
import type { WordId } from '../../engine/words.js';
import { type Place, placeOf } from '../../workload/list-place.js';
import { keyOf, lastKeyOf, ordinalOfKey } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** Rows read at a time: a few milliseconds. */
const CHUNK = 250;

/** Ordinals searched at a time for what no index helps to find: SQLite reads so many in some milliseconds. */
const WINDOW = 10_000;

/** By which index a walk goes, the narrowest of what is asked, and what SQLite sorts out on the way. */
export interface Narrowing {
  readonly group?: WordId;
  readonly statuses?: readonly WordId[];
  readonly groupIndex?: number;
  /** Only units that an event has concerned then or later, in microseconds since the Unix epoch. */
  readonly since?: number;
}

export interface Chunk {
  readonly rows: readonly UnitRow[];
  /** Where the walk goes on. */
  readonly last: Place;
}

/** The place behind a unit in the list that it stands in. */
export const placeOfUnit = (row: UnitRow): Place => placeOf({ key: row.key, listing: listingOf(row), id: row.id });

/** Conditions that no index serves, each with its value. */
type Sieve = readonly (readonly [condition: string, value: number])[];

const sieveOf = ({ groupIndex, since }: Narrowing): Sieve => [
  ...(groupIndex === undefined ? [] : [['group_index = ?', groupIndex] as const]),
  ...(since === undefined ? [] : [['touched >= ?', since] as const]),
];

const byKey = (a: UnitRow, b: UnitRow): number => a.key - b.key;

/** Walks over units on the connection for queries, chunk by chunk, so that others get their turn in between. */
export class UnitScan {
  private readonly statements = new Map<string, StatementSync>();
  private readonly selectNewest: StatementSync;

  constructor(private readonly database: DatabaseSync) {
    this.selectNewest = database.prepare('SELECT max(key) AS key FROM unit WHERE key > ? AND key <= ?');
  }

  /**
   * The next rows of a dataset behind a place, in order of creation; nothing ends the walk. Rows may be more than was
   * narrowed to, never less.
   */
  chunk(workload: WorkloadId, narrowing: Narrowing, after: Place): Chunk | undefined {
    if (after.at === 'home') {
      const sieve = sieveOf(narrowing);
      const chunk =
        sieve.length === 0
          ? this.atHome(workload, narrowing, after.ordinal)
          : this.siftedAtHome(workload, narrowing, after.ordinal, sieve);
      if (chunk !== undefined) return chunk;
    }
    const rows = this.elsewhere(workload, after.at === 'elsewhere' ? after.id : '');
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: placeOfUnit(last) };
  }

  private atHome(workload: WorkloadId, narrowing: Narrowing, ordinal: number): Chunk | undefined {
    const rows = this.inRange(narrowing, [keyOf(workload, ordinal), lastKeyOf(workload)], []);
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: placeOfUnit(last) };
  }

  /** May be empty before the end. */
  private siftedAtHome(workload: WorkloadId, narrowing: Narrowing, ordinal: number, sieve: Sieve): Chunk | undefined {
    const from = keyOf(workload, ordinal);
    const newest = this.selectNewest.get(from, lastKeyOf(workload))?.['key'];
    if (typeof newest !== 'number') return undefined;
    const to = Math.min(from + WINDOW, newest);
    const rows = this.inRange(narrowing, [from, to], sieve);
    const last = rows.length < CHUNK ? to : (rows.at(-1)?.key ?? to);
    return { rows, last: { at: 'home', ordinal: ordinalOfKey(last) } };
  }

  private inRange(
    { group, statuses }: Narrowing,
    range: readonly [after: number, to: number],
    sieve: Sieve,
  ): readonly UnitRow[] {
    const conditions = ['key > ? AND key <= ? AND workload IS NULL', ...sieve.map(([condition]) => condition)];
    const tail = `${conditions.join(' AND ')} ORDER BY key LIMIT ?`;
    const rest = [...range, ...sieve.map(([, value]) => value), CHUNK];
    if (group !== undefined) return this.all(`grp = ? AND ${tail}`, group, ...rest);
    if (statuses === undefined) return this.all(tail, ...rest);
    const rows = statuses.flatMap((status) => this.all(`status = ? AND ${tail}`, status, ...rest));
    // Each status is read as far as the chunk could reach; the nearest of all are the chunk.
    return rows.sort(byKey).slice(0, CHUNK);
  }

  private elsewhere(workload: WorkloadId, id: string): readonly UnitRow[] {
    return this.all('workload = ? AND id > ? ORDER BY id LIMIT ?', workload, id, CHUNK);
  }

  /** All units behind an id, in order of creation. */
  behindId(id: string): readonly UnitRow[] {
    return this.all('id > ? ORDER BY id LIMIT ?', id, CHUNK);
  }

  /** All units of a status behind a key. */
  ofStatus(status: WordId, key: number): readonly UnitRow[] {
    return this.all('status = ? AND key > ? ORDER BY key LIMIT ?', status, key, CHUNK);
  }

  /** All units behind a key. */
  behindKey(key: number): readonly UnitRow[] {
    return this.all('key > ? ORDER BY key LIMIT ?', key, CHUNK);
  }

  private all(where: string, ...values: SQLInputValue[]): UnitRow[] {
    let statement = this.statements.get(where);
    if (statement === undefined) {
      statement = prepareForRows(this.database, where);
      this.statements.set(where, statement);
    }
    return statement.all(...values).map(rowOf);
  }
}
