import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { WalCheckpoints } from '#platform/wal-checkpoints.js';
import { type Chunks, type PagedAnswers, type SnapshotPage, textPages } from './paged-answers.js';
import { type Snapshot, Snapshots } from './snapshots.js';

const ROWS = 2000;
const ROWS_A_CHUNK = 100;
/** A page is full after some hundred of them. */
const LONG = 'x'.repeat(200);

async function* everyRow({ database }: Snapshot): Chunks {
  const select = database.prepare('SELECT key, status FROM item WHERE key > ? ORDER BY key LIMIT ?');
  for (let last = 0; last < ROWS;) {
    const rows = select.all(last, ROWS_A_CHUNK);
    last = Number(rows.at(-1)?.['key']);
    yield { entries: await Promise.resolve(rows.map(({ key, status }) => `${String(key)} ${String(status)} ${LONG}`)) };
  }
  return undefined;
}

describe('answers of several pages', () => {
  let folder: string;
  let file: string;
  let writer: DatabaseSync;
  let nowMs: number;
  let snapshots: Snapshots;
  let answers: PagedAnswers;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-answers-'));
    file = join(folder, 'model.sqlite');
    writer = new DatabaseSync(file);
    writer.exec(`
      PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 0;
      CREATE TABLE item (key INTEGER PRIMARY KEY, status TEXT NOT NULL);
      WITH RECURSIVE n (key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n WHERE key < ${ROWS})
        INSERT INTO item SELECT key, 'idle' FROM n;`);
    nowMs = 0;
    snapshots = new Snapshots({ file, position: () => 7, nowMs: () => nowMs });
    answers = textPages(snapshots);
  });

  afterEach(() => {
    snapshots.close();
    writer.close();
    rmSync(folder, { recursive: true });
  });

  const page = async (cursor?: string): Promise<SnapshotPage> => {
    const answer = await answers.page(cursor, everyRow);
    if (answer instanceof DomainError) throw answer;
    return answer;
  };

  const begin = async (): Promise<string> => (await page()).next ?? '';

  const readOn = async (cursor: string): Promise<readonly string[]> => {
    const read: string[] = [];
    for (let next: string | undefined = cursor; next !== undefined;) {
      const answer = await page(next);
      read.push(...answer.entries);
      ({ next } = answer);
    }
    return read;
  };

  const move = (): void => writer.exec("UPDATE item SET status = status || '*'");

  it('show one state, whatever changes between their pages', async () => {
    const first = await page();
    move();
    const rest = await readOn(first.next ?? '');
    const shown = [...first.entries, ...rest].map((entry) => entry.slice(0, -LONG.length - 1));
    expect(shown).toEqual(Array.from({ length: ROWS }, (_, at) => `${String(at + 1)} idle`));
    expect(first.position).toBe(7);
    expect((await page()).entries[0]).toContain('idle*');
  });

  it('give the same page again when it is asked for again, and no page twice', async () => {
    const cursor = await begin();
    const [once, again] = await Promise.all([page(cursor), page(cursor)]);
    expect(again).toEqual(once);
    const following = await page(once.next);
    expect(following.entries[0]).not.toBe(once.entries[0]);
    await expect(page(cursor)).rejects.toThrow('The answer is gone, ask again');
  });

  it('end when nobody has read on for minutes, and only then', async () => {
    const left = await begin();
    nowMs += 60_000;
    const read = await begin();
    nowMs += 60_000;
    snapshots.sweep();
    await expect(page(left)).rejects.toThrow('The answer is gone, ask again');
    expect((await readOn(read)).length).toBeGreaterThan(0);
  });

  it('end after a quarter of an hour, though somebody reads them', async () => {
    let cursor = await begin();
    for (let minutes = 0; minutes < 3; minutes += 1) {
      nowMs += 60_000;
      snapshots.sweep();
      cursor = (await page(cursor)).next ?? '';
    }
    nowMs += 12 * 60_000;
    snapshots.sweep();
    await expect(page(cursor)).rejects.toThrow('The answer is gone, ask again');
  });

  it('are refused while too many are read, and take the room of those that nobody reads', async () => {
    const cursors: string[] = [];
    for (let at = 0; at < 24; at += 1) cursors.push(await begin());
    await expect(begin()).rejects.toThrow('server overloaded');
    nowMs += 10_000;
    const [left = '', ...others] = cursors;
    await Promise.all(others.map(page));
    expect(await begin()).not.toBe('');
    await expect(page(left)).rejects.toThrow('The answer is gone, ask again');
  });

  it('end in the order of their age when the write-ahead log has grown too large, which is then emptied', async () => {
    const checkpoints = new WalCheckpoints(
      file,
      (work) => work(),
      (error) => {
        throw error;
      },
      () => snapshots.endOldest(),
      1,
    );
    const old = await begin();
    move();
    const young = await begin();
    move();
    await checkpoints.run();
    await expect(page(old)).rejects.toThrow('The answer is gone, ask again');
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    expect((await page(young)).entries.length).toBeGreaterThan(0);
    await checkpoints.run();
    await checkpoints.run();
    expect(statSync(`${file}-wal`).size).toBe(0);
    await checkpoints.close();
  });
});
