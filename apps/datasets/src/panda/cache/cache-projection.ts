import type { DatabaseSync } from 'node:sqlite';
import { CACHE_BLOBS, CACHE_STREAM, type CacheEvents, type Registration } from '#contracts/panda/cache-events.js';
import type { BlobReference } from '#contracts/work-events.js';
import type { BlobKind } from '#event-sourcing/orphan-collector.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

const EVENT_TYPES: Readonly<Record<Exclude<keyof CacheEvents, 'OperatorRequestMade'>, true>> = {
  CacheFileStored: true,
  CacheFileAppended: true,
  CacheFileTouched: true,
  CacheFileDeleted: true,
  CacheFileRegistered: true,
  CacheFilesExpired: true,
};

class CacheWriter implements ProjectionWriter {
  private readonly putFile;
  private readonly growFile;
  private readonly touch;
  private readonly deleteFile;
  private readonly addPiece;
  private readonly deletePieces;
  private readonly register;
  private readonly deleteRegistration;
  private readonly deleteRegistrations;

  constructor(database: DatabaseSync) {
    this.putFile = database.prepare(
      'INSERT OR REPLACE INTO panda_cache_file (path, owner, size, touched) VALUES (?, ?, ?, ?)',
    );
    this.growFile = database.prepare(
      `INSERT INTO panda_cache_file (path, owner, size, touched) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET size = size + excluded.size, touched = excluded.touched RETURNING size`,
    );
    this.touch = database.prepare('UPDATE panda_cache_file SET touched = ? WHERE path = ?');
    this.deleteFile = database.prepare('DELETE FROM panda_cache_file WHERE path = ?');
    this.addPiece = database.prepare(
      'INSERT OR REPLACE INTO panda_cache_piece (path, start, key, size) VALUES (?, ?, ?, ?)',
    );
    this.deletePieces = database.prepare('DELETE FROM panda_cache_piece WHERE path = ?');
    this.register = database.prepare(
      `INSERT OR REPLACE INTO panda_registration (host, file_name, user_name, file_size, checksum, registered)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.deleteRegistration = database.prepare('DELETE FROM panda_registration WHERE host = ? AND file_name = ?');
    this.deleteRegistrations = database.prepare('DELETE FROM panda_registration WHERE file_name = ?');
  }

  apply({ type, data, metadata: { timeMicros } }: AppliedEvent): void {
    switch (type as keyof typeof EVENT_TYPES) {
      case 'CacheFileStored': {
        const { path, owner, blob, registration } = data as CacheEvents['CacheFileStored'];
        this.deletePieces.run(path);
        this.putFile.run(path, owner, blob.size, timeMicros);
        this.addPiece.run(path, 0, blob.key, blob.size);
        if (registration !== undefined) this.keep(registration, timeMicros);
        return;
      }
      case 'CacheFileAppended': {
        const { path, owner, blob } = data as CacheEvents['CacheFileAppended'];
        this.append(path, owner, blob, timeMicros);
        return;
      }
      case 'CacheFileTouched':
        this.touch.run(timeMicros, (data as CacheEvents['CacheFileTouched']).path);
        return;
      case 'CacheFileDeleted':
        this.drop((data as CacheEvents['CacheFileDeleted']).path);
        return;
      case 'CacheFileRegistered':
        this.keep((data as CacheEvents['CacheFileRegistered']).registration, timeMicros);
        return;
      case 'CacheFilesExpired': {
        const { paths, registrations } = data as CacheEvents['CacheFilesExpired'];
        for (const path of paths) this.drop(path);
        for (const { host, file_name } of registrations) this.deleteRegistration.run(host, file_name);
      }
    }
  }

  forget(): void {
    // There is no state besides the tables.
  }

  private append(path: string, owner: string, { key, size }: BlobReference, timeMicros: number): void {
    const grown = Number(this.growFile.get(path, owner, size, timeMicros)?.['size']);
    this.addPiece.run(path, grown - size, key, size);
  }

  private keep({ host, file_name, user_name, file_size, checksum }: Registration, timeMicros: number): void {
    this.register.run(host, file_name, user_name, file_size, checksum, timeMicros);
  }

  private drop(path: string): void {
    this.deletePieces.run(path);
    this.deleteFile.run(path);
    this.deleteRegistrations.run(path);
  }
}

/** Cache files with their blobs, and registrations of sandboxes. */
export const cacheProjection: Projection = {
  name: 'panda-cache',
  version: 1,
  streamPrefixes: [CACHE_STREAM],
  eventTypes: Object.keys(EVENT_TYPES),
  tables: `
    CREATE TABLE panda_cache_file (
      path TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      size INTEGER NOT NULL,
      touched INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE panda_cache_piece (
      path TEXT NOT NULL,
      start INTEGER NOT NULL,
      key TEXT NOT NULL,
      size INTEGER NOT NULL,
      PRIMARY KEY (path, start)
    ) WITHOUT ROWID;
    CREATE TABLE panda_registration (
      host TEXT NOT NULL,
      file_name TEXT NOT NULL,
      user_name TEXT NOT NULL,
      file_size INTEGER NOT NULL,
      checksum TEXT,
      registered INTEGER NOT NULL,
      PRIMARY KEY (file_name, host)
    ) WITHOUT ROWID;`,
  indexes: `
    CREATE INDEX panda_cache_touched ON panda_cache_file (touched);
    CREATE INDEX panda_cache_key ON panda_cache_piece (key);
    CREATE INDEX panda_registration_content ON panda_registration (user_name, file_size, checksum, registered);
    CREATE INDEX panda_registration_age ON panda_registration (registered);`,
  attach: (database) => new CacheWriter(database),
};

/** Blobs of files that are there now: what was replaced, deleted or expired is not kept. */
export const cacheBlobs = (queries: DatabaseSync): BlobKind => {
  const select = queries.prepare('SELECT 1 FROM panda_cache_piece WHERE key = ?');
  return { prefix: CACHE_BLOBS.file, holds: (key) => select.get(key) !== undefined };
};
