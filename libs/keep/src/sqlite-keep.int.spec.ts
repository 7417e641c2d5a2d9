import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteKeep } from './sqlite-keep.js';
import { keepContract } from './testing/keep-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'cairn-keep-'));
const opened: SqliteKeep[] = [];
let files = 0;

const open = (file: string, nowMs: () => number): SqliteKeep => {
  const keep = new SqliteKeep(file, nowMs);
  opened.push(keep);
  return keep;
};

const close = async (keep: SqliteKeep): Promise<void> => {
  opened.splice(opened.indexOf(keep), 1);
  await keep.close();
};

afterEach(async () => {
  for (const keep of [...opened]) await close(keep);
});

afterAll(() => rmSync(folder, { recursive: true }));

keepContract('SQLite', (nowMs) => {
  const file = join(folder, 'keep', `${files++}.sqlite`);
  const keep = open(file, nowMs);
  return {
    keep,
    reopen: async () => {
      await close(keep);
      return open(file, nowMs);
    },
  };
});

describe('SqliteKeep', () => {
  const rowsIn = (file: string): unknown => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare('SELECT count(*) AS rows FROM entry').get()?.['rows'];
    database.close();
    return rows;
  };

  it('sweeps what has expired and nothing else', async () => {
    const file = join(folder, `${files++}.sqlite`);
    let now = 0;
    const keep = open(file, () => now);
    await keep.putAll(Array.from({ length: 1200 }, (_, index) => ({ key: `a${index}`, value: '', expiresAtMs: 10 })));
    await keep.put('later', '', { expiresAtMs: 11 });
    await keep.put('always', '');
    now = 10;
    expect(await keep.sweep()).toBe(1200);
    expect(rowsIn(file)).toBe(2);
  });

  it('names a file that is broken', () => {
    const file = join(folder, `${files++}.sqlite`);
    writeFileSync(file, 'no database, whatever its name says');
    expect(() => new SqliteKeep(file)).toThrow(`${file} cannot be used: file is not a database`);
  });

  it('puts none of several entries when one cannot be put', async () => {
    const keep = open(join(folder, `${files++}.sqlite`), () => 0);
    const entries = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expiresAtMs: Number.NaN },
    ];
    await expect(keep.putAll(entries)).rejects.toThrow();
    expect(await keep.get('a')).toBeUndefined();
    await keep.put('a', '3');
    expect(await keep.get('a')).toBe('3');
  });
});
