import { existsSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { partsOfStream, type StreamCategory } from '../ref.js';
import { openLedgerFile } from '../sqlite-file.js';
import { EVENT_COLUMNS, type EventRow } from '../sqlite-reads.js';
import { archiveFileOf } from './archive-file.js';

/** Streams that belong to a workload. */
const OF_WORKLOADS: ReadonlySet<StreamCategory> = new Set(['workload', 'work', 'access', 'ranges']);

interface StreamRow {
  readonly id: number;
  readonly name: string;
  /** Of its last event. */
  readonly revision: number;
  readonly timeMicros: number;
  readonly isBatchPart: number;
  /** Whether there are events before it that were not moved yet. */
  readonly hasMore: number;
}

/** Streams of workloads of which nothing has happened since a time. A workload whose last change is not sealed is not one. */
const oldStreams = (database: DatabaseSync, beforeMicros: number): readonly StreamRow[] => {
  const rows = database
    .prepare(
      `SELECT s.id, s.name, e.revision, e.metadata ->> '$.timeMicros' AS timeMicros,
         e.metadata ->> '$.batch' IS NOT NULL AS isBatchPart,
         EXISTS (SELECT 1 FROM event o WHERE o.stream = s.id AND o.revision < e.revision) AS hasMore
       FROM stream s JOIN event e ON e.stream = s.id
         AND e.revision = (SELECT max(revision) FROM event WHERE stream = s.id)`,
    )
    .all() as unknown as readonly StreamRow[];
  const streams = rows.filter(({ name }) => OF_WORKLOADS.has(partsOfStream(name).category));
  const isRecent = ({ timeMicros, isBatchPart }: StreamRow): boolean => timeMicros >= beforeMicros || isBatchPart === 1;
  const recent = new Set(streams.filter(isRecent).map(({ name }) => partsOfStream(name).ref));
  return streams.filter(({ name }) => !recent.has(partsOfStream(name).ref));
};

const EVENTS = `SELECT ${EVENT_COLUMNS} FROM event e JOIN stream s ON s.id = e.stream`;

const isSame = (held: EventRow | undefined, row: EventRow): boolean =>
  held?.stream === row.stream &&
  held.revision === row.revision &&
  held.data === row.data &&
  held.metadata === row.metadata &&
  held.hash === row.hash;

/** The files do not belong together: what one of them holds would be lost. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}

/**
 * Adds events to a file that may hold some of them.
 *
 * @throws ArchiveRefused when it holds others in their places
 */
const copyInto = (database: DatabaseSync, rows: Iterable<unknown>): number => {
  const stream = database.prepare('INSERT OR IGNORE INTO stream (name) VALUES (?)');
  const event = database.prepare(
    `INSERT OR IGNORE INTO event (position, stream, revision, id, type, data, metadata, hash)
     SELECT ?, s.id, ?, ?, ?, ?, ?, ? FROM stream s WHERE s.name = ?`,
  );
  const held = database.prepare(`${EVENTS} WHERE position = ?`);
  let count = 0;
  for (const row of rows) {
    const { position, stream: name, revision, id, type, data, metadata, hash } = row as EventRow;
    stream.run(name);
    const { changes } = event.run(position, revision, id, type, data, metadata, hash, name);
    if (changes === 0 && !isSame(held.get(position) as EventRow | undefined, row as EventRow)) {
      throw new ArchiveRefused(
        `the archive is not that of this ledger: they have different events at position ${position}`,
      );
    }
    count += 1;
  }
  return count;
};

const inTransaction = <Result>(database: DatabaseSync, work: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE');
  const result = work();
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  return result;
};

const using = <Result>(file: string, use: (database: DatabaseSync) => Result): Result => {
  const database = openLedgerFile(file);
  try {
    return use(database);
  } finally {
    database.close();
  }
};

const usingArchive = <Result>(ledgerFile: string, use: (archive: DatabaseSync) => Result): Result =>
  using(archiveFileOf(ledgerFile), (archive) => {
    const result = use(archive);
    // Whoever reads it needs no other file beside it then.
    archive.exec('PRAGMA journal_mode = DELETE');
    return result;
  });

export interface ArchiveReport {
  readonly streams: number;
  readonly events: number;
}

/**
 * Moves the events of workloads of which nothing has happened since a time into the archive: first they are there, then they go here. The last
 * event of each stream stays, which the next one would be chained to. Keeps the thread busy. Nobody else may use the ledger.
 */
export const archiveLedger = (file: string, beforeMicros: number): ArchiveReport =>
  using(file, (ledger) => {
    const streams = oldStreams(ledger, beforeMicros).filter(({ hasMore }) => hasMore === 1);
    if (streams.length === 0) return { streams: 0, events: 0 };
    const select = ledger.prepare(`${EVENTS} WHERE e.stream = ? AND revision < ? ORDER BY revision`);
    const events = usingArchive(file, (archive) =>
      inTransaction(archive, () =>
        streams.reduce((count, { id, revision }) => count + copyInto(archive, select.iterate(id, revision)), 0),
      ),
    );
    const remove = ledger.prepare('DELETE FROM event WHERE stream = ? AND revision < ?');
    inTransaction(ledger, () => {
      for (const { id, revision } of streams) remove.run(id, revision);
    });
    ledger.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    return { streams: streams.length, events };
  });

/** Moves everything from the archive back, and deletes it. As {@link archiveLedger}. */
export const restoreArchive = (file: string): number => {
  if (!existsSync(archiveFileOf(file))) return 0;
  const events = using(file, (ledger) =>
    usingArchive(file, (archive) =>
      inTransaction(ledger, () => copyInto(ledger, archive.prepare(`${EVENTS} ORDER BY position`).iterate())),
    ),
  );
  rmSync(archiveFileOf(file));
  return events;
};
