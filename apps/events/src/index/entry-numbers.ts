import type { DatabaseSync } from 'node:sqlite';
import type { HistoryOrder } from '#contracts/cairn/audit.js';
import type { EventFilter } from '#contracts/event-filter.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { cursorAt, HISTORY_START, type HistoryCursor, isBehind } from '#event-sourcing/history-cursor.js';
import { firstOfSpan, lastOfSpan } from './history-projection.js';

/** An event as the index knows it. */
export interface Entry {
  readonly stream: string;
  readonly revision: number;
  /** Behind the event. */
  readonly cursor: HistoryCursor;
  readonly timeMicros: number;
}

/** Which entries are asked for: those that fulfil everything that is given. */
export interface EntryQuery {
  readonly order: HistoryOrder;
  /** Each of these names alternatives: an entry is about at least one subject of each. Default: all entries. */
  readonly about?: EventFilter;
  /** Microseconds since the Unix epoch, inclusive. */
  readonly fromMicros?: number;
  /** Exclusive. */
  readonly untilMicros?: number;
  /** Only what is behind this. */
  readonly after?: HistoryCursor;
  /** Only what took effect up to here. */
  readonly upTo?: HistoryCursor;
  /** Only what took effect before the event that this cursor is behind: where a list from the newest on continues. */
  readonly before?: HistoryCursor;
}

export interface NumberedEntry extends Entry {
  /** From 1 on, in order of effect. */
  readonly number: number;
}

type EntryRow = [at: number, part: number | null, stream: string, revision: number, time: number];

/** Entries are numbered without gaps in order of effect: which numbers have what is between two places, or two times? */
export class EntryNumbers {
  private readonly select;
  private readonly selectLast;
  private readonly firstSpan;
  private readonly lastSpan;

  constructor(database: DatabaseSync) {
    this.select = arrayStatement<EntryRow>(
      database,
      'SELECT e.at, e.part, s.name, e.revision, e.time FROM entry e CROSS JOIN stream s ON s.id = e.stream WHERE e.id = ?',
    );
    this.selectLast = arrayStatement<[number]>(database, 'SELECT ifnull(max(id), 0) FROM entry');
    const spans = 'SELECT id FROM span WHERE latest >= ? AND earliest < ? ORDER BY id';
    this.firstSpan = arrayStatement<[number]>(database, `${spans} LIMIT 1`);
    this.lastSpan = arrayStatement<[number]>(database, `${spans} DESC LIMIT 1`);
  }

  entry(number: number): Entry | undefined {
    const row = this.select.get(number);
    if (row === undefined) return undefined;
    const [at, part, stream, revision, timeMicros] = row;
    return { stream, revision, cursor: cursorAt(at, part ?? undefined), timeMicros };
  }

  /** First and last number of the entries that a query can find. */
  bounds(query: EntryQuery): readonly [first: number, last: number] {
    const { after, upTo, before, fromMicros = -Infinity, untilMicros = Infinity } = query;
    let first = after === undefined ? 1 : this.upTo(after) + 1;
    let last = upTo === undefined ? this.last : this.upTo(upTo);
    if (before !== undefined) last = Math.min(last, this.before(before));
    if (fromMicros === -Infinity && untilMicros === Infinity) return [first, last];
    const [earliest] = this.firstSpan.get(fromMicros, untilMicros) ?? [];
    const [latest] = this.lastSpan.get(fromMicros, untilMicros) ?? [];
    if (earliest === undefined || latest === undefined) return [1, 0];
    first = Math.max(first, firstOfSpan(earliest));
    last = Math.min(last, lastOfSpan(latest));
    return [first, last];
  }

  /** The place behind everything that took effect before the first entry that is later; undefined when none is later. */
  cursorAtTime(timeMicros: number): HistoryCursor | undefined {
    const [span] = this.firstSpan.get(timeMicros + 1, Infinity) ?? [];
    if (span === undefined) return undefined;
    for (let number = Math.max(firstOfSpan(span), 1); number <= lastOfSpan(span); number++) {
      const found = this.entry(number);
      if (found !== undefined && found.timeMicros > timeMicros) return this.entry(number - 1)?.cursor ?? HISTORY_START;
    }
    throw new Error(`The index has no entry for a time of its span ${span}`);
  }

  /** Number of the last entry that took effect up to the cursor; 0 when none did. */
  upTo(cursor: HistoryCursor): number {
    return this.lastWhere((place) => !isBehind(place, cursor));
  }

  private before(cursor: HistoryCursor): number {
    return this.lastWhere((place) => isBehind(cursor, place));
  }

  private get last(): number {
    return this.selectLast.get()?.[0] ?? 0;
  }

  /** Number of the last entry whose cursor fulfils what holds for all up to some place and for none behind it. */
  private lastWhere(holds: (cursor: HistoryCursor) => boolean): number {
    let found = 0;
    let beyond = this.last + 1;
    while (beyond - found > 1) {
      const middle = Math.floor((found + beyond) / 2);
      const entry = this.entry(middle);
      if (entry !== undefined && holds(entry.cursor)) found = middle;
      else beyond = middle;
    }
    return found;
  }
}
