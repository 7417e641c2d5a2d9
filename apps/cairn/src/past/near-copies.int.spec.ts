import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NearCopies } from './near-copies.js';

const KIB = 1024;

describe('NearCopies', () => {
  let folder: string;
  let own: string;
  let copies: NearCopies;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-near-copies-'));
    own = join(folder, 'own');
    mkdirSync(own);
    copies = new NearCopies(() => Promise.resolve(own), 90 * KIB);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** A data folder whose read model shows a number. */
  const showing = (n: number, bytes = 0): string => {
    const dataFolder = mkdtempSync(join(folder, 'data-'));
    mkdirSync(join(dataFolder, 'read-models'));
    const database = new DatabaseSync(join(dataFolder, 'read-models', 'tasks.sqlite'));
    database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER, filling BLOB)`);
    database.prepare('INSERT INTO t VALUES (?, zeroblob(?))').run(n, bytes);
    database.close();
    return dataFolder;
  };

  const shownIn = (dataFolder: string): unknown => {
    const database = new DatabaseSync(join(dataFolder, 'read-models', 'tasks.sqlite'));
    const row = database.prepare('SELECT n FROM t').get();
    database.close();
    return row?.['n'];
  };

  it('give back the last one of a workload up to a position', async () => {
    expect(copies.lastUpTo('a', 1_000)).toBeUndefined();
    await copies.save({ ref: 'a', position: 200, folder: showing(2) });
    await copies.save({ ref: 'a', position: 100, folder: showing(1) });
    await copies.save({ ref: 'b', position: 150, folder: showing(3) });
    expect(copies.lastUpTo('a', 99)).toBeUndefined();
    expect(copies.lastUpTo('a', 199)).toBe(100);
    expect(copies.lastUpTo('a', 1_000)).toBe(200);
    const restored = mkdtempSync(join(folder, 'restored-'));
    await copies.restore('a', 100, restored);
    expect(shownIn(restored)).toBe(1);
  });

  it('leave the disk when they take too much, the oldest first', async () => {
    for (const position of [1, 2, 3]) {
      await copies.save({ ref: 'a', position, folder: showing(position, 30 * KIB) });
    }
    expect(copies.lastUpTo('a', 1)).toBeUndefined();
    expect(copies.lastUpTo('a', 2)).toBe(2);
    expect(readdirSync(own)).toHaveLength(2);
  });

  it('are not made of what would take everything', async () => {
    await copies.save({ ref: 'a', position: 1, folder: showing(1) });
    await copies.save({ ref: 'a', position: 2, folder: showing(2, 100 * KIB) });
    expect(copies.lastUpTo('a', 2)).toBe(1);
  });

  it('may be deleted by anybody: the view begins at the beginning then', async () => {
    await copies.save({ ref: 'a', position: 1, folder: showing(1) });
    rmSync(own, { recursive: true });
    const restored = mkdtempSync(join(folder, 'restored-'));
    await copies.restore('a', 1, restored);
    expect([readdirSync(restored), copies.lastUpTo('a', 1)]).toEqual([[], undefined]);
  });
});
