import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { NamedPart } from './mentioned.js';
import type { Entity, PartKind, RareEntity, RareKind } from '#contracts/event-filter.js';
import { type Mentions, mentionsOf } from './mentions.js';
import { SortedRows } from './sorted-rows.js';
import { blocksOfRange } from './unit-blocks.js';

/** Bounds of the caches of ids. */
const STREAMS_IN_MEMORY_MAX = 10_000;
const ENTITIES_IN_MEMORY_MAX = 50_000;

/** An event about many units pauses after so many rows. */
const ROWS_PER_SLICE = 1000;

/** Entries whose times are known together. */
const SPAN_ENTRIES = 1024;
const spanOf = (entry: number): number => Math.floor(entry / SPAN_ENTRIES);
export const firstOfSpan = (span: number): number => span * SPAN_ENTRIES;
export const lastOfSpan = (span: number): number => firstOfSpan(span + 1) - 1;

/** Rare entities of so many entries are together, so that new ones are written to few places. */
const RARE_ENTRIES = 65_536;
export const rareBlockOf = (entry: number): number => Math.floor(entry / RARE_ENTRIES);

const KEY_BYTES = 6;

/** In the order of their codes. */
const RARE_KINDS = ['request:', 'cause:', 'object:'] as const satisfies readonly `${RareKind}:`[];

export const isRare = (entity: Entity): entity is RareEntity => RARE_KINDS.some((kind) => entity.startsWith(kind));

/** Names a rare entity. The request and the cause of an event often have the same id. */
export const rareKey = (rare: RareEntity): number => {
  const code = RARE_KINDS.findIndex((kind) => rare.startsWith(kind));
  return hashOfId(rare.slice(rare.indexOf(':') + 1)) * RARE_KINDS.length + code;
};

const hashOfId = (id: string): number => {
  if (id !== hashedId) {
    hashedId = id;
    hashed = hash('sha256', id, 'buffer').readUIntBE(0, KEY_BYTES);
  }
  return hashed;
};
let hashedId: string | undefined;
let hashed = 0;

export const PART_KINDS = { unit: 0, group: 1, document: 2 } as const satisfies Record<PartKind, number>;

/** How a range of ids is named, which are numbered behind a prefix. */
export const prefixName = (prefix: string): string => `${prefix}*`;

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
  -- Earliest and latest time of each 1024 entries: times fall now and then, because clocks differ and commands get theirs before they wait.
  CREATE TABLE span (id INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL) STRICT;
  CREATE TABLE entity (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE mention (entity INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (entity, entry)) STRICT, WITHOUT ROWID;
  -- Requests, causes and objects by hash.
  CREATE TABLE rare (
    block INTEGER NOT NULL,
    key INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (block, key, entry)
  ) STRICT, WITHOUT ROWID;
  -- Units, groups and documents by stream, as blocks of ordinals.
  CREATE TABLE part (
    stream INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    block INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (stream, kind, block, entry)
  ) STRICT, WITHOUT ROWID;
  -- Public ids of them: count of them behind a prefix, numbered from first on.
  CREATE TABLE name (
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (name, kind, stream, ordinal)
  ) STRICT, WITHOUT ROWID;
`;

/** Rows by a unique name, with a cache of their ids. */
class Names {
  private readonly insert;
  private readonly ids = new Map<string, number>();

  constructor(
    database: DatabaseSync,
    table: 'stream' | 'entity',
    private readonly inMemoryMax: number,
  ) {
    this.insert = database.prepare(
      `INSERT INTO ${table} (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id`,
    );
  }

  idOf(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = Number(this.insert.get(name)?.['id']);
    if (this.ids.size >= this.inMemoryMax) this.ids.clear();
    this.ids.set(name, id);
    return id;
  }

  forget(): void {
    this.ids.clear();
  }
}

interface Span {
  readonly id: number;
  earliest: number;
  latest: number;
}

class HistoryWriter implements ProjectionWriter {
  private readonly entries;
  private readonly mentions;
  private readonly rare;
  private readonly parts;
  private readonly insertName;
  private readonly upsertSpan;
  private readonly selectLast;
  private readonly streams;
  private readonly entities;
  private last: number;
  private span: Span | undefined;

  constructor(database: DatabaseSync) {
    this.streams = new Names(database, 'stream', STREAMS_IN_MEMORY_MAX);
    this.entities = new Names(database, 'entity', ENTITIES_IN_MEMORY_MAX);
    this.entries = new SortedRows(database, 'entry', 6);
    this.mentions = new SortedRows(database, 'mention', 2);
    this.rare = new SortedRows(database, 'rare', 3);
    this.parts = new SortedRows(database, 'part', 4);
    this.insertName = database.prepare(
      'INSERT OR IGNORE INTO name (name, kind, stream, ordinal, first, count) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.upsertSpan = database.prepare(
      `INSERT INTO span (id, earliest, latest) VALUES (?, ?, ?) ON CONFLICT DO UPDATE
       SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)`,
    );
    this.selectLast = database.prepare('SELECT max(id) AS id FROM entry');
    this.last = this.lastEntry();
  }

  apply(event: AppliedEvent): Generator<void, void, void> | undefined {
    const { stream, revision, metadata, place } = event;
    if (place === undefined) throw new TypeError('The index follows the ledger, so that every event has its place');
    const { at, part } = place.cursor;
    const entry = this.last + 1;
    const home = this.streams.idOf(stream);
    const mentions = mentionsOf(event);
    this.last = entry;
    this.entries.add([entry, at, part ?? null, home, revision, metadata.timeMicros]);
    this.widen(entry, metadata.timeMicros);
    for (const name of mentions.entities) this.mentions.add([this.entities.idOf(name), entry]);
    const rows = this.addMany(entry, home, mentions);
    return rows.next().done === true ? undefined : rows;
  }

  flush(): void {
    for (const rows of [this.entries, this.mentions, this.rare, this.parts]) rows.write();
    this.writeSpan();
  }

  forget(): void {
    for (const rows of [this.entries, this.mentions, this.rare, this.parts]) rows.forget();
    this.streams.forget();
    this.entities.forget();
    this.span = undefined;
    this.last = this.lastEntry();
  }

  private lastEntry(): number {
    return Number(this.selectLast.get()?.['id'] ?? 0);
  }

  private widen(entry: number, time: number): void {
    const id = spanOf(entry);
    if (this.span?.id !== id) {
      this.writeSpan();
      this.span = { id, earliest: time, latest: time };
    }
    this.span.earliest = Math.min(this.span.earliest, time);
    this.span.latest = Math.max(this.span.latest, time);
  }

  private writeSpan(): void {
    const { span } = this;
    if (span !== undefined) this.upsertSpan.run(span.id, span.earliest, span.latest);
    this.span = undefined;
  }

  /** Yields where a slice may end: most events have few rows and do not. */
  private *addMany(
    entry: number,
    home: number,
    { rare, units, groups, documents, named }: Mentions,
  ): Generator<void, void, void> {
    let rows = 0;
    const block = rareBlockOf(entry);
    for (const each of rare) {
      this.rare.add([block, rareKey(each), entry]);
      if (++rows % ROWS_PER_SLICE === 0) yield;
    }
    for (const [kind, ranges] of [
      [PART_KINDS.unit, units],
      [PART_KINDS.group, groups],
      [PART_KINDS.document, documents],
    ] as const) {
      for (const [first, last] of ranges) {
        for (const block of blocksOfRange(first, last)) {
          this.parts.add([home, kind, block, entry]);
          if (++rows % ROWS_PER_SLICE === 0) yield;
        }
      }
    }
    for (const part of named) {
      this.addName(home, part);
      if (++rows % ROWS_PER_SLICE === 0) yield;
    }
  }

  private addName(home: number, part: NamedPart): void {
    const { kind, ordinal } = part;
    if ('id' in part) this.insertName.run(part.id, PART_KINDS[kind], home, ordinal, 0, 1);
    else this.insertName.run(prefixName(part.prefix), PART_KINDS[kind], home, ordinal, part.first, part.count);
  }
}

/** Which events there are, in order of effect, and what they are about. Their texts stay in the ledger. */
export const historyProjection: Projection = {
  name: 'history',
  version: 5,
  streamPrefixes: [''],
  tables: TABLES,
  indexes: '',
  attach: (database) => new HistoryWriter(database),
};
