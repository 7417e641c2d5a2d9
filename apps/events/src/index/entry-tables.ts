import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { HistoryOrder } from '#contracts/cairn/audit.js';
import type { EventSubject, RareEntity } from '#contracts/event-filter.js';
import { arrayStatement, type ArrayStatement } from '#event-sourcing/array-statement.js';
import { type EntryList, StoredList, Union } from './entry-list.js';
import { isRare, PART_KINDS, rareBlockOf, rareKey } from './history-projection.js';
import { blocksAround } from './unit-blocks.js';

/** Reads the entries of one order from the tables of the index. */
export class EntryTables {
  private readonly mentions;
  private readonly rare;
  private readonly parts;
  private readonly entityId;
  private readonly streamId;
  private readonly lastEntry;

  constructor(
    database: DatabaseSync,
    private readonly order: HistoryOrder,
  ) {
    const entries = (table: string, condition: string): ArrayStatement<[number]> =>
      arrayStatement(
        database,
        `SELECT entry FROM ${table} WHERE ${condition} AND entry ${order === 'oldest' ? '>=' : '<='} ?
         ORDER BY entry ${order === 'oldest' ? 'ASC' : 'DESC'} LIMIT ?`,
      );
    this.mentions = entries('mention', 'entity = ?');
    this.rare = entries('rare', 'block = ? AND key = ?');
    this.parts = entries('part', 'stream = ? AND kind = ? AND block = ?');
    this.entityId = arrayStatement<[number]>(database, 'SELECT id FROM entity WHERE name = ?');
    this.streamId = arrayStatement<[number]>(database, 'SELECT id FROM stream WHERE name = ?');
    this.lastEntry = arrayStatement<[number]>(database, 'SELECT ifnull(max(id), 0) FROM entry');
  }

  /** Entries about a subject. */
  listOf(subject: EventSubject): EntryList {
    if (typeof subject === 'string') {
      return isRare(subject)
        ? this.rareList(subject)
        : this.stored(this.mentions, this.entityId.get(subject)?.[0] ?? 0);
    }
    const stream = this.streamId.get(subject.stream)?.[0] ?? 0;
    const kind = PART_KINDS[subject.part];
    return new Union(blocksAround(subject.ordinal).map((block) => this.stored(this.parts, stream, kind, block)));
  }

  private stored(statement: ArrayStatement<[number]>, ...parameters: readonly SQLInputValue[]): EntryList {
    return new StoredList((from, limit) => this.read(statement, parameters, from, limit));
  }

  private rareList(rare: RareEntity): EntryList {
    const key = rareKey(rare);
    const lastBlock = rareBlockOf(this.lastEntry.get()?.[0] ?? 0);
    return new StoredList((from, limit) => {
      const found: number[] = [];
      const step = this.order === 'oldest' ? 1 : -1;
      for (let block = rareBlockOf(Math.abs(from)); block >= 0 && block <= lastBlock; block += step) {
        found.push(...this.read(this.rare, [block, key], from, limit - found.length));
        if (found.length === limit) break;
      }
      return found;
    });
  }

  private read(
    statement: ArrayStatement<[number]>,
    parameters: readonly SQLInputValue[],
    from: number,
    limit: number,
  ): number[] {
    const sign = this.order === 'oldest' ? 1 : -1;
    return statement.all(...parameters, sign * from, limit).map(([entry]) => sign * entry);
  }
}
