import type { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

/** Bound of the cache of stream ids. */
const STREAMS_IN_MEMORY_MAX = 10_000;

const TABLES = `
  CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  -- Events in order of effect, numbered without gaps. The cursor behind one is at or at.part.
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    part INTEGER,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    time INTEGER NOT NULL
  ) STRICT;
`;

class HistoryWriter implements ProjectionWriter {
  private readonly insertStream;
  private readonly insertEntry;
  private readonly selectLast;
  private readonly streams = new Map<string, number>();
  private last: number;

  constructor(database: DatabaseSync) {
    this.insertStream = database.prepare(
      'INSERT INTO stream (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id',
    );
    this.insertEntry = database.prepare(
      'INSERT INTO entry (id, at, part, stream, revision, time) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.selectLast = database.prepare('SELECT max(id) AS id FROM entry');
    this.last = this.lastEntry();
  }

  apply({ stream, revision, metadata, place }: AppliedEvent): void {
    if (place === undefined) throw new TypeError('The index follows the ledger, so that every event has its place');
    const { at, part } = place.cursor;
    this.last += 1;
    this.insertEntry.run(this.last, at, part ?? null, this.idOf(stream), revision, metadata.timeMicros);
  }

  forget(): void {
    this.streams.clear();
    this.last = this.lastEntry();
  }

  private lastEntry(): number {
    return Number(this.selectLast.get()?.['id'] ?? 0);
  }

  private idOf(stream: string): number {
    const known = this.streams.get(stream);
    if (known !== undefined) return known;
    const id = Number(this.insertStream.get(stream)?.['id']);
    if (this.streams.size >= STREAMS_IN_MEMORY_MAX) this.streams.clear();
    this.streams.set(stream, id);
    return id;
  }
}

/** Which events there are, in order of effect, and what they are about. Their texts stay in the ledger. */
export const historyProjection: Projection = {
  name: 'history',
  version: 1,
  streamPrefixes: [''],
  tables: TABLES,
  indexes: '',
  attach: (database) => new HistoryWriter(database),
};
