import type { DatabaseSync } from 'node:sqlite';
import type { Ranges } from '#contracts/work-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

/**
 * An event about more units than this gets a single row with its first and last unit. The history of every unit in between then
 * reads the event, which is cheap because there are few bulk changes.
 */
const SINGLE_UNITS_MAX = 16;

/** Bound of the cache of stream ids. */
const STREAMS_IN_MEMORY_MAX = 10_000;

const TABLES = `
  CREATE TABLE history_stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE unit_event (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (stream, ordinal, revision)
  ) WITHOUT ROWID;
  CREATE TABLE wide_event (
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (stream, revision)
  ) WITHOUT ROWID;
`;

const countOf = (units: Ranges): number => units.reduce((count, [first, last]) => count + last - first + 1, 0);

class UnitEventsWriter implements ProjectionWriter {
  private readonly insertStream;
  private readonly insertSingle;
  private readonly insertWide;
  private readonly streams = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.insertStream = database.prepare(
      'INSERT INTO history_stream (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id',
    );
    this.insertSingle = database.prepare('INSERT INTO unit_event (stream, ordinal, revision) VALUES (?, ?, ?)');
    this.insertWide = database.prepare('INSERT INTO wide_event (stream, revision, first, last) VALUES (?, ?, ?, ?)');
  }

  apply({ stream, revision, data }: AppliedEvent): void {
    const units = data['units'] as Ranges | undefined;
    const range = units?.[0];
    if (units === undefined || range === undefined) return;
    const id = this.idOf(stream);
    if (countOf(units) > SINGLE_UNITS_MAX) {
      this.insertWide.run(id, revision, range[0], units.at(-1)?.[1] ?? range[1]);
      return;
    }
    for (const [first, last] of units) {
      for (let ordinal = first; ordinal <= last; ordinal++) this.insertSingle.run(id, ordinal, revision);
    }
  }

  forget(): void {
    this.streams.clear();
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

/** Which revisions of a stream concern which unit: the events themselves stay in the ledger. */
export const unitEventsProjection: Projection = {
  name: 'unit-events',
  version: 1,
  streamPrefixes: ['work-'],
  tables: TABLES,
  indexes: '',
  attach: (database) => new UnitEventsWriter(database),
};

/** Answers from the tables of {@link unitEventsProjection}. */
export class UnitEvents {
  private readonly select;

  constructor(database: DatabaseSync) {
    this.select = database.prepare(`
      WITH home AS (SELECT id FROM history_stream WHERE name = ?1)
      SELECT revision FROM unit_event WHERE stream = (SELECT id FROM home) AND ordinal = ?2 AND revision > ?3
      UNION ALL
      SELECT revision FROM wide_event
      WHERE stream = (SELECT id FROM home) AND revision > ?3 AND first <= ?2 AND last >= ?2
      ORDER BY revision LIMIT ?4
    `);
  }

  /** Revisions after `after` whose events may concern the unit, oldest first. */
  revisionsOf(stream: string, ordinal: number, after: number, limit: number): readonly number[] {
    return this.select.all(stream, ordinal, after, limit).map(({ revision }) => Number(revision));
  }
}
