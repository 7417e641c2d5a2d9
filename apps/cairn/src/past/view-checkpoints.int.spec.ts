import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ViewCheckpoints } from './view-checkpoints.js';

describe('ViewCheckpoints', () => {
  let dataDir: string;
  let checkpoints: ViewCheckpoints;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cairn-view-checkpoints-'));
    checkpoints = new ViewCheckpoints({ CAIRN_DATA_DIR: dataDir, PAST_CHECKPOINTS_MIB: 1 }, 'iceprod.main.a');
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

  it('become fewer when they take too much, and the newest one stays', async () => {
    const folder = showing('view-1-a', 1);
    writeFileSync(join(folder, 'read-models', 'large.sqlite'), '');
    const database = new DatabaseSync(join(folder, 'read-models', 'large.sqlite'));
    database.exec('CREATE TABLE t (b BLOB); INSERT INTO t VALUES (randomblob(100000))');
    database.close();
    for (let position = 1; position <= 24; position += 1) await checkpoints.save(position, folder, 1_000);
    const [name = ''] = readdirSync(join(dataDir, 'past', 'checkpoints'));
    const kept = readdirSync(join(dataDir, 'past', 'checkpoints', name));
    expect(kept.length).toBeLessThanOrEqual(10 + 8);
    expect(kept).toContain('24');
    expect(await checkpoints.lastUpTo(12)).toBeGreaterThan(0);
  });

  it('leave nothing of a damaged one', async () => {
    await checkpoints.save(100, showing('view-1-a', 1), 1_000);
    const [name = ''] = readdirSync(join(dataDir, 'past', 'checkpoints'));
    const kept = join(dataDir, 'past', 'checkpoints', name, '100', 'tasks.sqlite.zst');
    writeFileSync(kept, 'no archive');
    const folder = folderOf('view-1-b');
    await checkpoints.restore(100, folder);
    expect(readdirSync(folder)).toEqual([]);
    expect(await checkpoints.lastUpTo(100)).toBeUndefined();
  });
});
