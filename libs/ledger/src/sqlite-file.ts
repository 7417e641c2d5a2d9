import { DatabaseSync } from 'node:sqlite';

const SCHEMA_VERSION = 1;

/**
 * Positions are dense and ascend with each append. The head of a stream is its row of highest revision, so an append
 * writes events only. Event ids have no index: they are compared where an append was expected (as EventStoreDB does); an
 * index of random keys tripled the pages written for each commit.
 */
const SCHEMA = `
  CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export const PAGE_BYTES = 4096;
/** When writers leave no moment in which a checkpoint completes and the log has grown so far, they are held up for it. */
export const LOG_PAGES_MAX = 16_384;
const CACHE_KIB = 16 * 1024;

/** Opens a ledger file; throws a busy error (`isBusy`) while another process opens, recovers or closes it. */
export const openLedgerFile = (file: string): DatabaseSync => {
  // No busy handler: SQLite's own waiting blocks the thread for long and starves writers.
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${LOG_PAGES_MAX * PAGE_BYTES};
      PRAGMA cache_size = -${CACHE_KIB};
    `);
    if (versionOf(database) !== SCHEMA_VERSION) createSchema(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

const createSchema = (database: DatabaseSync, file: string): void => {
  database.exec('BEGIN IMMEDIATE');
  const version = versionOf(database);
  if (version === 0) database.exec(SCHEMA);
  else if (version !== SCHEMA_VERSION) {
    throw new Error(`${file} is a ledger of version ${version}; this program knows ${SCHEMA_VERSION}`);
  }
  database.exec('COMMIT');
};

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
