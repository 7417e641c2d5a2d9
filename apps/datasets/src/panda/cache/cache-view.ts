import type { DatabaseSync } from 'node:sqlite';
import type { CachePieces } from '#contracts/panda/cache.js';
import type { Registration } from '#contracts/panda/cache-events.js';

/** Parts of a long list of pieces that one answer holds. */
const PIECES_MAX = 1_000;

type FileName = Pick<Registration, 'host' | 'file_name'>;

/** What deciders see of cache files. */
export interface CacheView {
  owner(path: string): string | undefined;
  /** Keys of the blobs of a file; none when there is no such file. */
  keys(path: string): readonly string[];
  /** Who has registered a file. */
  registrant(name: FileName): string | undefined;
  /** Paths of files that nobody has touched since, the oldest first. */
  untouched(sinceMicros: number, limit: number): readonly string[];
  /** Registrations that are older and belong to no file here. */
  strayRegistrations(sinceMicros: number, limit: number): readonly FileName[];
}

/** Cache files as the tables show them, read through one connection: `queries` to answer, `writer` to decide. */
export class CacheFiles implements CacheView {
  private readonly selectOwner;
  private readonly selectKeys;
  private readonly selectRegistrant;
  private readonly selectUntouched;
  private readonly selectStray;
  private readonly selectSize;
  private readonly selectPieces;
  private readonly selectSandbox;

  constructor(database: DatabaseSync) {
    this.selectOwner = database.prepare('SELECT owner FROM panda_cache_file WHERE path = ?');
    this.selectKeys = database.prepare('SELECT key FROM panda_cache_piece WHERE path = ?');
    this.selectRegistrant = database.prepare(
      'SELECT user_name FROM panda_registration WHERE host = ? AND file_name = ?',
    );
    this.selectUntouched = database.prepare(
      'SELECT path FROM panda_cache_file WHERE touched < ? ORDER BY touched LIMIT ?',
    );
    this.selectStray = database.prepare(
      `SELECT host, file_name FROM panda_registration
       WHERE registered < ? AND NOT EXISTS (SELECT 1 FROM panda_cache_file WHERE path = file_name) LIMIT ?`,
    );
    this.selectSize = database.prepare('SELECT size FROM panda_cache_file WHERE path = ?');
    this.selectPieces = database.prepare(
      `SELECT key, start, size FROM panda_cache_piece WHERE path = ? AND start + size > ? ORDER BY start
       LIMIT ${String(PIECES_MAX)}`,
    );
    this.selectSandbox = database.prepare(
      `SELECT host, file_name FROM panda_registration
       WHERE user_name = ? AND file_size = ? AND checksum = ? AND registered >= ? ORDER BY registered DESC LIMIT 1`,
    );
  }

  owner(path: string): string | undefined {
    const row = this.selectOwner.get(path);
    return row === undefined ? undefined : String(row['owner']);
  }

  keys(path: string): readonly string[] {
    return this.selectKeys.all(path).map(({ key }) => String(key));
  }

  registrant({ host, file_name }: FileName): string | undefined {
    const row = this.selectRegistrant.get(host, file_name);
    return row === undefined ? undefined : String(row['user_name']);
  }

  untouched(sinceMicros: number, limit: number): readonly string[] {
    return this.selectUntouched.all(sinceMicros, limit).map(({ path }) => String(path));
  }

  strayRegistrations(sinceMicros: number, limit: number): readonly FileName[] {
    return this.selectStray
      .all(sinceMicros, limit)
      .map(({ host, file_name }) => ({ host: String(host), file_name: String(file_name) }));
  }

  /** Pieces from the one that holds the byte `from` on. */
  pieces(path: string, from: number): CachePieces | undefined {
    const row = this.selectSize.get(path);
    if (row === undefined) return undefined;
    const pieces = this.selectPieces
      .all(path, from)
      .map(({ key, start, size }) => ({ key: String(key), start: Number(start), size: Number(size) }));
    return { size: Number(row['size']), pieces };
  }

  /** The latest registration of this content that the user has made since. */
  sandbox(
    { user_name, file_size, checksum }: Pick<Registration, 'user_name' | 'file_size' | 'checksum'>,
    sinceMicros: number,
  ): FileName | undefined {
    const row = this.selectSandbox.get(user_name, file_size, checksum, sinceMicros);
    return row === undefined ? undefined : { host: String(row['host']), file_name: String(row['file_name']) };
  }
}
