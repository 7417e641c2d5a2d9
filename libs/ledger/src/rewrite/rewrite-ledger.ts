import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { nowMicros } from '#platform/clock.js';
import { archiveFileOf } from '../archive/archive-file.js';
import { eventId } from '../event-id.js';
import { type ChainHead, EMPTY_HEAD, eventHash } from '../hash-chain.js';
import type { EventMetadata, RecordedEvent, TransferredEvent } from '../ledger.js';
import { openLedgerFile } from '../sqlite-file.js';
import { EVENT_COLUMNS, type EventRow } from '../sqlite-reads.js';
import { EVENTS_REWRITTEN, type Rewrite, REWRITES_STREAM, sealOf, type SignedRewrite } from './rewrites.js';

/** What is to become of the events of a ledger. */
export interface Rewriting {
  /** A text that is in the data or metadata of all events that change, besides those of streams that get another name. */
  readonly contained: string;
  /** New names of streams. Nothing may have these names. */
  readonly streams: ReadonlyMap<string, string>;
  /** The new texts of an event; the same ones when nothing changes. */
  readonly textsOf: (event: RecordedEvent) => Pick<RecordedEvent, 'data' | 'metadata'>;
  readonly pseudonym: string;
  readonly sign: (rewrite: Rewrite) => SignedRewrite;
}

/** The ledger cannot be rewritten. The message says why. */
export class RewriteRefused extends Error {
  override readonly name = 'RewriteRefused';
}

/** Seals and ranges of so many fit into one event. */
const EVENTS_PER_RECORD = 3000;

/** Whom the history names. */
const ACTOR = 'cairn';

/** The rewriting of one file, inside its transaction. */
class FileRewriter {
  constructor(
    private readonly database: DatabaseSync,
    private readonly rewriting: Rewriting,
  ) {}

  /** @returns how many events changed */
  run(): number {
    this.checkNumbers();
    this.checkPseudonym();
    const changed = this.replaceTexts();
    this.renameStreams();
    for (let at = 0; at < changed.length; at += EVENTS_PER_RECORD) {
      this.record(changed.slice(at, at + EVENTS_PER_RECORD));
    }
    return changed.length;
  }

  /** Records name events by their numbers, which are their positions in a file without gaps. */
  private checkNumbers(): void {
    const { events, last } = this.database
      .prepare('SELECT count(*) AS events, max(position) AS last FROM event')
      .get() as {
      events: number;
      last: number | null;
    };
    if (events !== (last ?? 0)) throw new RewriteRefused('events are missing in the ledger: verify it');
  }

  /** Otherwise two people would be one. A second name of the same person may get the pseudonym of the first. */
  private checkPseudonym(): void {
    const quoted = JSON.stringify(this.rewriting.pseudonym);
    const isKnown = this.database
      .prepare('SELECT 1 FROM event WHERE instr(data, ?1) > 0 OR instr(metadata, ?1) > 0 LIMIT 1')
      .get(quoted);
    if (isKnown === undefined) return;
    const isPseudonym = this.database
      .prepare("SELECT 1 FROM event WHERE type = ? AND data ->> '$.pseudonym' = ? LIMIT 1")
      .get(EVENTS_REWRITTEN, this.rewriting.pseudonym);
    if (isPseudonym === undefined)
      throw new RewriteRefused(`the history has the name ${quoted} already: choose another`);
  }

  private replaceTexts(): readonly { number: number; seal: Buffer }[] {
    const { contained, streams, textsOf } = this.rewriting;
    const candidates = this.database
      .prepare(
        `SELECT position FROM event WHERE instr(data, ?1) > 0 OR instr(metadata, ?1) > 0
         OR stream IN (SELECT id FROM stream WHERE name IN (SELECT value FROM json_each(?2))) ORDER BY position`,
      )
      .all(contained, JSON.stringify([...streams.keys()]));
    const select = this.database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM event e JOIN stream s ON s.id = e.stream WHERE position = ?`,
    );
    const update = this.database.prepare('UPDATE event SET data = ?, metadata = ? WHERE position = ?');
    return candidates.flatMap(({ position }) => {
      const event = select.get(position ?? null) as EventRow;
      // Signed, and without names of people.
      if (event.stream === REWRITES_STREAM) return [];
      const { data, metadata } = textsOf(event);
      const stream = streams.get(event.stream) ?? event.stream;
      if (stream === event.stream && data === event.data && metadata === event.metadata) return [];
      update.run(data, metadata, event.position);
      return [{ number: event.position, seal: sealOf({ ...event, stream, data, metadata }) }];
    });
  }

  private renameStreams(): void {
    const rename = this.database.prepare('UPDATE stream SET name = ? WHERE name = ?');
    const find = this.database.prepare('SELECT 1 FROM stream WHERE name = ?');
    for (const [from, to] of this.rewriting.streams) {
      if (find.get(from) === undefined) continue;
      if (find.get(to) !== undefined)
        throw new RewriteRefused(`there is a stream ${to} already: choose another pseudonym`);
      rename.run(to, from);
    }
  }

  private record(changed: readonly { number: number; seal: Buffer }[]): void {
    const head = this.headOfRecords();
    const revision = head.revision + 1;
    const { pseudonym, sign } = this.rewriting;
    const rewrite = sign({
      number: revision + 1,
      pseudonym,
      events: rangesOf(changed.map(({ number }) => number)),
      seals: Buffer.concat(changed.map(({ seal }) => seal)).toString('base64'),
    });
    const commandId = randomUUID();
    const metadata: EventMetadata = {
      ...{ timeMicros: nowMicros(), actor: ACTOR, dialect: 'cairn' },
      ...{ correlationId: commandId, causationId: commandId, schemaVersion: 1 },
    };
    const event = {
      ...{ stream: REWRITES_STREAM, revision, id: eventId(commandId, 0), type: EVENTS_REWRITTEN },
      ...{ data: JSON.stringify(rewrite), metadata: JSON.stringify(metadata) },
    };
    this.insert({ ...event, hash: eventHash(head.hash, event) });
  }

  private headOfRecords(): ChainHead {
    const row = this.database
      .prepare(
        `SELECT revision, hash FROM event WHERE stream = (SELECT id FROM stream WHERE name = ?)
         ORDER BY revision DESC LIMIT 1`,
      )
      .get(REWRITES_STREAM);
    return (row as { revision: number; hash: string } | undefined) ?? EMPTY_HEAD;
  }

  private insert({ stream, revision, id, type, data, metadata, hash }: TransferredEvent): void {
    this.database.prepare('INSERT OR IGNORE INTO stream (name) VALUES (?)').run(stream);
    this.database
      .prepare(
        `INSERT INTO event (position, stream, revision, id, type, data, metadata, hash)
         SELECT (SELECT coalesce(max(position), 0) + 1 FROM event), s.id, ?, ?, ?, ?, ?, ? FROM stream s WHERE s.name = ?`,
      )
      .run(revision, id, type, data, metadata, hash, stream);
  }
}

const rangesOf = (numbers: readonly number[]): readonly (readonly [number, number])[] => {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
};

/** @throws RewriteRefused when some of the ledger's events stand in another file */
export const checkWhole = (file: string): void => {
  if (!existsSync(archiveFileOf(file))) return;
  throw new RewriteRefused(
    "some events are in the archive: bring them back with 'cairn archive --restore', replace the name, and archive them again",
  );
};

/**
 * Replaces texts in the ledger's file, and records in the chain of which events, in one transaction. The hashes stay. What the texts were is
 * overwritten in the file and removed from its log. Keeps the thread busy. Nobody else may use the file.
 *
 * @returns how many events changed
 * @throws RewriteRefused
 */
export const rewriteLedger = (file: string, rewriting: Rewriting): number => {
  checkWhole(file);
  const database = openLedgerFile(file);
  try {
    database.exec('PRAGMA secure_delete = ON; BEGIN IMMEDIATE');
    const changed = new FileRewriter(database, rewriting).run();
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    return changed;
  } finally {
    // An open transaction is rolled back.
    database.close();
  }
};
