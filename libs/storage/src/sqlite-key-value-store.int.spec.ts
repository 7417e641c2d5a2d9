import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteKeyValueStore } from './sqlite-key-value-store.js';
import { keyValueStoreContract } from './testing/key-value-store-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'cairn-keep-'));
const opened: SqliteKeyValueStore[] = [];
let files = 0;

const open = (file: string, nowMs: () => number): SqliteKeyValueStore => {
  const keyValueStore = new SqliteKeyValueStore(file, nowMs);
  opened.push(keyValueStore);
  return keyValueStore;
};

const close = async (keyValueStore: SqliteKeyValueStore): Promise<void> => {
  opened.splice(opened.indexOf(keyValueStore), 1);
  await keyValueStore.close();
};

afterEach(async () => {
  for (const keyValueStore of [...opened]) await close(keyValueStore);
});

afterAll(() => rmSync(folder, { recursive: true }));

keyValueStoreContract('SQLite', (nowMs) => {
  const file = join(folder, 'key-value-store', `${files++}.sqlite`);
  const keyValueStore = open(file, nowMs);
  return {
    keyValueStore,
    reopen: async () => {
      await close(keyValueStore);
      return open(file, nowMs);
    },
  };
});

describe('SqliteKeyValueStore', () => {
  const rowsIn = (file: string): unknown => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare('SELECT count(*) AS rows FROM entry').get()?.['rows'];
    database.close();
    return rows;
  };

  it('sweeps what has expired and nothing else', async () => {
    const file = join(folder, `${files++}.sqlite`);
    let now = 0;
    const keyValueStore = open(file, () => now);
    await keyValueStore.putAll(
      Array.from({ length: 1200 }, (_, index) => ({ key: `a${index}`, value: '', expiresAtMs: 10 })),
    );
    await keyValueStore.put('later', '', { expiresAtMs: 11 });
    await keyValueStore.put('always', '');
    now = 10;
    expect(await keyValueStore.sweep()).toBe(1200);
    expect(rowsIn(file)).toBe(2);
  });

  it('names a file that is broken', () => {
    const file = join(folder, `${files++}.sqlite`);
    writeFileSync(file, 'no database, whatever its name says');
    expect(() => new SqliteKeyValueStore(file)).toThrow(`${file} cannot be used: file is not a database`);
  });

  it('puts none of several entries when one cannot be put', async () => {
    const keyValueStore = open(join(folder, `${files++}.sqlite`), () => 0);
    const entries = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expiresAtMs: Number.NaN },
    ];
    await expect(keyValueStore.putAll(entries)).rejects.toThrow();
    expect(await keyValueStore.get('a')).toBeUndefined();
    await keyValueStore.put('a', '3');
    expect(await keyValueStore.get('a')).toBe('3');
  });
});
