import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GENESIS } from '#ledger/hash-chain.js';
import { type Position, START } from '#ledger/ledger.js';
import type { HeadStore, StreamHead, TreeState } from '#ledger/proof/ledger-tree.js';

/** Raised when tables or their meaning change. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    events INTEGER NOT NULL,
    streams INTEGER NOT NULL,
    log TEXT NOT NULL,
    position INTEGER NOT NULL,
    hash TEXT NOT NULL
  );
  CREATE TABLE head (
    stream TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    hash TEXT NOT NULL,
    peaks TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE node (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (level, place)
  ) WITHOUT ROWID;
  INSERT INTO progress VALUES (1, 0, 0, '${GENESIS}', ${START}, '${GENESIS}');
  PRAGMA user_version = ${VERSION};
`;

/** How far the tables have come. */
export interface TreeProgress extends TreeState {
  /** Of the last event, with its hash. */
  position: Position;
  hash: string;
}

interface HeadRow {
  readonly place: number;
  readonly revision: number;
  readonly hash: string;
  readonly peaks: string;
}

/** Keeps a `LedgerTree` in a SQLite file. */
export class TreeStore implements HeadStore {
  private readonly selectHead: StatementSync;
  private readonly upsertHead: StatementSync;
  private readonly selectNode: StatementSync;
  private readonly upsertNode: StatementSync;
  private readonly selectProgress: StatementSync;
  private readonly updateProgress: StatementSync;

  constructor(database: DatabaseSync) {
    if (database.prepare('PRAGMA user_version').get()?.['user_version'] !== VERSION) {
      throw new Error('The file holds no tree of this version');
    }
    this.selectHead = database.prepare('SELECT place, revision, hash, peaks FROM head WHERE stream = ?');
    this.upsertHead = database.prepare(
      'INSERT OR REPLACE INTO head (stream, place, revision, hash, peaks) VALUES (?, ?, ?, ?, ?)',
    );
    this.selectNode = database.prepare('SELECT hash FROM node WHERE level = ? AND place = ?');
    this.upsertNode = database.prepare('INSERT OR REPLACE INTO node (level, place, hash) VALUES (?, ?, ?)');
    this.selectProgress = database.prepare('SELECT events, streams, log, position, hash FROM progress');
    this.updateProgress = database.prepare(
      'UPDATE progress SET events = ?, streams = ?, log = ?, position = ?, hash = ?',
    );
  }

  static create(database: DatabaseSync): void {
    database.exec(`BEGIN; ${TABLES} COMMIT;`);
  }

  progress(): TreeProgress {
    const row = this.selectProgress.get() as TreeProgress | undefined;
    if (row === undefined) throw new Error('The file has no progress');
    return row;
  }

  setProgress({ events, streams, log, position, hash }: TreeProgress): void {
    this.updateProgress.run(events, streams, log, position, hash);
  }

  head(stream: string): StreamHead | undefined {
    const row = this.selectHead.get(stream) as HeadRow | undefined;
    if (row === undefined) return undefined;
    const { place: index, revision, hash, peaks } = row;
    return { index, revision, hash, size: revision + 1, peaks: peaks.split(' ') };
  }

  putHead(stream: string, { index, revision, hash, peaks }: StreamHead): void {
    this.upsertHead.run(stream, index, revision, hash, peaks.join(' '));
  }

  node(level: number, index: number): string {
    const hash = this.selectNode.get(level, index)?.['hash'];
    if (typeof hash !== 'string') throw new Error(`The tree has no node ${index} at level ${level}`);
    return hash;
  }

  putNode(level: number, index: number, hash: string): void {
    this.upsertNode.run(level, index, hash);
  }
}
