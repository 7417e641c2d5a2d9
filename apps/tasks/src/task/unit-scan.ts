import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { UnitRow } from '../engine/unit-row.js';
import { lastKeyOf, unitKey } from '../engine/unit.js';
import type { WordId } from '../engine/words.js';
import type { WorkloadId } from '../workload/workloads.js';

/** Rows read at a time: a few milliseconds. */
const CHUNK = 250;

/** By which index a walk goes: the narrowest of what is asked. */
export interface Narrowing {
  readonly group?: WordId;
  readonly statuses?: readonly WordId[];
}

/**
 * Where a walk over a dataset's units stands: those at home by ordinal, then those moved to it by id. Never by the
 * workloads' integers, which differ from one read model to the next.
 */
export type Place =
  { readonly at: 'home'; readonly ordinal: number } | { readonly at: 'elsewhere'; readonly id: string };

export const START_PLACE: Place = { at: 'home', ordinal: -1 };

export const placeText = (place: Place): string => (place.at === 'home' ? `h${place.ordinal}` : `e${place.id}`);

export const readPlace = (text: string | undefined): Place => {
  if (text === undefined || text === '') return START_PLACE;
  return text.startsWith('e') ? { at: 'elsewhere', id: text.slice(1) } : { at: 'home', ordinal: Number(text.slice(1)) };
};

const byKey = (a: UnitRow, b: UnitRow): number => a.key - b.key;

/** Walks over units on the connection for queries, chunk by chunk, so that others get their turn in between. */
export class UnitScan {
  private readonly statements = new Map<string, StatementSync>();

  constructor(private readonly database: DatabaseSync) {}

  /**
   * The next rows of a dataset behind a place, in order of creation; an empty chunk ends the walk. Rows may be more than
   * was narrowed to, never less.
   */
  chunk(
    workload: WorkloadId,
    narrowing: Narrowing,
    after: Place,
  ): { rows: readonly UnitRow[]; last: Place } | undefined {
    if (after.at === 'home') {
      const rows = this.atHome(workload, narrowing, after.ordinal);
      const last = rows.at(-1);
      if (last !== undefined) return { rows, last: { at: 'home', ordinal: last.key - unitKey(workload, 0) } };
    }
    const rows = this.elsewhere(workload, after.at === 'elsewhere' ? after.id : '');
    const last = rows.at(-1);
    return last === undefined ? undefined : { rows, last: { at: 'elsewhere', id: last.id } };
  }

  private atHome(workload: WorkloadId, { group, statuses }: Narrowing, ordinal: number): readonly UnitRow[] {
    const range = [unitKey(workload, ordinal), lastKeyOf(workload)] as const;
    const tail = 'key > ? AND key <= ? AND workload IS NULL ORDER BY key LIMIT ?';
    if (group !== undefined) return this.all(`grp = ? AND ${tail}`, group, ...range, CHUNK);
    if (statuses === undefined) return this.all(tail, ...range, CHUNK);
    const rows = statuses.flatMap((status) => this.all(`status = ? AND ${tail}`, status, ...range, CHUNK));
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
      statement = this.database.prepare(`SELECT * FROM unit WHERE ${where}`);
      this.statements.set(where, statement);
    }
    return statement.all(...values) as unknown[] as UnitRow[];
  }
}
