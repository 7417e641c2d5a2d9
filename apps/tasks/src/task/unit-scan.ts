import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { listingOf, prepareForRows, rowOf, type UnitRow } from '../engine/unit-row.js';
import type { WordId } from '../engine/words.js';
import { type Place, placeOf } from '../workload/list-place.js';
import { keyOf, lastKeyOf, ordinalOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';

/** Rows read at a time: a few milliseconds. */
const CHUNK = 250;

/** Ordinals searched at a time for what was touched lately: no index helps, and SQLite reads so many in some milliseconds. */
const WINDOW = 10_000;

/** By which index a walk goes: the narrowest of what is asked. */
export interface Narrowing {
  readonly group?: WordId;
  readonly statuses?: readonly WordId[];
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
      const chunk =
        narrowing.since === undefined
          ? this.atHome(workload, narrowing, after.ordinal)
          : this.touchedAtHome(workload, narrowing, after.ordinal, narrowing.since);
      if (chunk !== undefined) return chunk;
    }
    const rows = this.elsewhere(workload, after.at === 'elsewhere' ? after.id : '');
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: placeOfUnit(last) };
  }

  private atHome(workload: WorkloadId, narrowing: Narrowing, ordinal: number): Chunk | undefined {
    const rows = this.inRange(narrowing, [keyOf(workload, ordinal), lastKeyOf(workload)], '');
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: placeOfUnit(last) };
  }

  /** May be empty before the end. */
  private touchedAtHome(workload: WorkloadId, narrowing: Narrowing, ordinal: number, since: number): Chunk | undefined {
    const from = keyOf(workload, ordinal);
    const newest = this.selectNewest.get(from, lastKeyOf(workload))?.['key'];
    if (typeof newest !== 'number') return undefined;
    const to = Math.min(from + WINDOW, newest);
    const rows = this.inRange(narrowing, [from, to], 'AND touched >= ?', since);
    const last = rows.length < CHUNK ? to : (rows.at(-1)?.key ?? to);
    return { rows, last: { at: 'home', ordinal: ordinalOfKey(last) } };
  }

  private inRange(
    { group, statuses }: Narrowing,
    range: readonly [after: number, to: number],
    more: string,
    ...values: readonly number[]
  ): readonly UnitRow[] {
    const tail = `key > ? AND key <= ? AND workload IS NULL ${more} ORDER BY key LIMIT ?`;
    const rest = [...range, ...values, CHUNK];
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
