import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ViewCheckpoints } from './view-checkpoints.js';

describe('ViewCheckpoints', () => {
  let dataDir: string;
  let checkpoints: ViewCheckpoints;

  const withTables = (signature: string): ViewCheckpoints =>
    new ViewCheckpoints({ CAIRN_DATA_DIR: dataDir, PAST_CHECKPOINTS_MIB: 1 }, 'iceprod.main.a', signature);

  const kept = (...names: readonly string[]): string => join(dataDir, 'past', 'checkpoints', ...names);

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cairn-view-checkpoints-'));
    checkpoints = withTables('some');
  });

  afterEach(() => rmSync(dataDir, { recursive: true }));

  const folderOf = (name: string): string => {
    const folder = join(dataDir, 'past', name);
    mkdirSync(join(folder, 'read-models'), { recursive: true });
    return folder;
  };

  /** A data folder whose read model shows a number. */
  const showing = (name: string, n: number): string => {
    const folder = folderOf(name);
    const database = new DatabaseSync(join(folder, 'read-models', 'tasks.sqlite'));
    database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (${n})`);
    database.close();
    return folder;
  };

  const shownIn = (folder: string): unknown => {
    const database = new DatabaseSync(join(folder, 'read-models', 'tasks.sqlite'));
    const row = database.prepare('SELECT n FROM t').get();
    database.close();
    return row?.['n'];
  };

  it('give back the last one up to a position', async () => {
    expect(await checkpoints.lastUpTo(1_000)).toBeUndefined();
    expect(await checkpoints.save(100, showing('view-1-a', 1), 1_000)).toBe(true);
    expect(await checkpoints.save(200, showing('view-1-b', 2), 1_000)).toBe(true);
    expect(await checkpoints.lastUpTo(99)).toBeUndefined();
    expect(await checkpoints.lastUpTo(199)).toBe(100);
    expect(await checkpoints.lastUpTo(200)).toBe(200);
    const folder = folderOf('view-1-c');
    await checkpoints.restore(100, folder);
    expect(shownIn(folder)).toBe(1);
  });

  it('are kept only where they save more than they cost', async () => {
    expect(await checkpoints.save(100, showing('view-1-a', 1), 0)).toBe(false);
    expect(await checkpoints.lastUpTo(100)).toBeUndefined();
  });

  /** A data folder with 100 KB that cannot be compressed. */
  const largeFolder = (name: string): string => {
    const folder = showing(name, 1);
    const database = new DatabaseSync(join(folder, 'read-models', 'large.sqlite'));
    database.exec('CREATE TABLE t (b BLOB); INSERT INTO t VALUES (randomblob(100000))');
    database.close();
    return folder;
  };

  it('become fewer when they take too much, and the newest one stays', async () => {
    const folder = largeFolder('view-1-a');
    for (let position = 1; position <= 24; position += 1) await checkpoints.save(position, folder, 1_000);
    const left = readdirSync(kept('some', 'iceprod.main.a'));
    expect(left.length).toBeLessThanOrEqual(10);
    expect(left).toContain('24');
    expect(await checkpoints.lastUpTo(12)).toBeGreaterThan(0);
  });

  it('are not those with other tables, which are removed', async () => {
    await checkpoints.save(100, showing('view-1-a', 1), 1_000);
    const others = withTables('other');
    expect(await others.lastUpTo(100)).toBeUndefined();
    await others.save(101, largeFolder('view-1-b'), 1_000);
    expect(readdirSync(kept())).toEqual(['other']);
    expect(await others.lastUpTo(101)).toBe(101);
  });

  it('leave nothing of a damaged one', async () => {
    await checkpoints.save(100, showing('view-1-a', 1), 1_000);
    writeFileSync(kept('some', 'iceprod.main.a', '100', 'tasks.sqlite.zst'), 'no archive');
    const folder = folderOf('view-1-b');
    await checkpoints.restore(100, folder);
    expect(readdirSync(folder)).toEqual([]);
    expect(await checkpoints.lastUpTo(100)).toBeUndefined();
  });
});
