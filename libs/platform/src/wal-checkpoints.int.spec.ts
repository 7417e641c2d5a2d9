import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WalCheckpoints } from './wal-checkpoints.js';

describe('WalCheckpoints', () => {
  let folder: string;
  let file: string;
  let database: DatabaseSync;
  const faults: unknown[] = [];

  beforeEach(() => {
    faults.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'cairn-wal-'));
    file = join(folder, 'some.sqlite');
    database = new DatabaseSync(file);
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 0;
      CREATE TABLE blob (id INTEGER PRIMARY KEY, content BLOB);
    `);
  });

  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const logBytes = (): number => statSync(`${file}-wal`).size;

  it('copies the log while writers go on, and empties it while they pause', async () => {
    const insert = database.prepare('INSERT INTO blob (content) VALUES (zeroblob(100000))');
    const pauses: string[] = [];
    const checkpoints = new WalCheckpoints(
      file,
      async (work) => {
        pauses.push('writers pause');
        await work();
        pauses.push('writers go on');
      },
      (error) => faults.push(error),
    );
    for (let commits = 0; commits < 160; commits++) {
      insert.run();
      checkpoints.committed();
    }
    expect(logBytes()).toBeGreaterThan(8_000_000);
    await checkpoints.run();
    expect(logBytes()).toBe(0);
    insert.run();
    expect(logBytes()).toBeLessThan(1_000_000);
    expect(pauses).toEqual(['writers pause', 'writers go on']);
    expect(statSync(file).size).toBeGreaterThan(16_000_000);
    await checkpoints.close();
    expect(faults).toEqual([]);
  });

  it('reports to its owner that it cannot', async () => {
    const missing = join(folder, 'no', 'such', 'folder');
    const checkpoints = new WalCheckpoints(
      missing,
      (work) => work(),
      (error) => faults.push(error),
    );
    await checkpoints.run();
    expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining('unable to open') as string })]);
  });
});
