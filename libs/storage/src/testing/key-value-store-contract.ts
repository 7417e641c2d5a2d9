import type { KeyValueStore } from '../key-value-store.js';

export interface KeyValueStoreUnderTest {
  readonly keyValueStore: KeyValueStore;
  /** The same keep after the process was started again. */
  reopen(): Promise<KeyValueStore>;
}

/** What every key-value store must do. `nowMs` is the clock that the store is to be opened with. */
export const keyValueStoreContract = (name: string, open: (nowMs: () => number) => KeyValueStoreUnderTest): void => {
  describe(`KeyValueStore: ${name}`, () => {
    let now = 1_000_000;
    let under: KeyValueStoreUnderTest;
    let keyValueStore: KeyValueStore;

    beforeEach(() => {
      now = 1_000_000;
      under = open(() => now);
      ({ keyValueStore } = under);
    });

    it('gives what was put last, and nothing for what never was', async () => {
      await keyValueStore.put('a', 'first');
      await keyValueStore.put('a', 'second');
      expect(await keyValueStore.get('a')).toBe('second');
      expect(await keyValueStore.get('b')).toBeUndefined();
    });

    it('keeps texts of any content', async () => {
      const text = `{"é":"\u{1F300}","quote":"'"}\n`;
      await keyValueStore.put("key/with 'any' \u{1F300}", text);
      expect(await keyValueStore.get("key/with 'any' \u{1F300}")).toBe(text);
    });

    it('puts all entries and gives those of many keys that are there', async () => {
      await keyValueStore.putAll([
        { key: 'a', value: '1' },
        { key: 'b', value: '2', expiresAtMs: now + 1 },
        { key: 'c', value: '3' },
      ]);
      now += 1;
      expect(await keyValueStore.getAll(['c', 'b', 'a', 'x'])).toEqual(
        new Map([
          ['c', '3'],
          ['a', '1'],
        ]),
      );
    });

    it('forgets an entry at its expiry, unless it was put again', async () => {
      await keyValueStore.put('a', '1', { expiresAtMs: now + 10 });
      await keyValueStore.put('b', '2', { expiresAtMs: now + 10 });
      await keyValueStore.put('b', '3', { expiresAtMs: now + 20 });
      await keyValueStore.put('c', '4', { expiresAtMs: now + 10 });
      await keyValueStore.put('c', '5');
      now += 9;
      expect(await keyValueStore.get('a')).toBe('1');
      now += 1;
      expect([await keyValueStore.get('a'), await keyValueStore.get('b'), await keyValueStore.get('c')]).toEqual([
        undefined,
        '3',
        '5',
      ]);
    });

    it('deletes', async () => {
      await keyValueStore.put('a', '1');
      await keyValueStore.delete('a');
      await keyValueStore.delete('a');
      expect(await keyValueStore.get('a')).toBeUndefined();
    });

    it('lists by prefix, ordered, page by page', async () => {
      await keyValueStore.putAll(['p/1', 'p/2', 'p/3', 'p', 'q/1'].map((key) => ({ key, value: key })));
      await keyValueStore.put('p/2', 'gone', { expiresAtMs: now });
      await keyValueStore.put('p/4', 'p/4', { expiresAtMs: now + 1 });
      expect(await keyValueStore.list('p/', { limit: 2 })).toEqual([
        { key: 'p/1', value: 'p/1' },
        { key: 'p/3', value: 'p/3' },
      ]);
      expect(await keyValueStore.list('p/', { after: 'p/3' })).toEqual([
        { key: 'p/4', value: 'p/4', expiresAtMs: now + 1 },
      ]);
    });

    it('is still there after a restart, with its expiries', async () => {
      await keyValueStore.put('a', '1');
      await keyValueStore.put('b', '2', { expiresAtMs: now + 10, durability: 'process' });
      const again = await under.reopen();
      expect([await again.get('a'), await again.get('b')]).toEqual(['1', '2']);
      now += 10;
      expect(await again.get('b')).toBeUndefined();
    });
  });
};
