import type { Keep } from '../keep.js';

export interface KeepUnderTest {
  readonly keep: Keep;
  /** The same keep after the process was started again. */
  reopen(): Promise<Keep>;
}

/** What every keep must do. `nowMs` is the clock that the keep is to be opened with. */
export const keepContract = (name: string, open: (nowMs: () => number) => KeepUnderTest): void => {
  describe(`Keep: ${name}`, () => {
    let now = 1_000_000;
    let under: KeepUnderTest;
    let keep: Keep;

    beforeEach(() => {
      now = 1_000_000;
      under = open(() => now);
      ({ keep } = under);
    });

    it('gives what was put last, and nothing for what never was', async () => {
      await keep.put('a', 'first');
      await keep.put('a', 'second');
      expect(await keep.get('a')).toBe('second');
      expect(await keep.get('b')).toBeUndefined();
    });

    it('keeps texts of any content', async () => {
      const text = `{"é":"\u{1F300}","quote":"'"}\n`;
      await keep.put("key/with 'any' \u{1F300}", text);
      expect(await keep.get("key/with 'any' \u{1F300}")).toBe(text);
    });

    it('puts all entries and gives those of many keys that are there', async () => {
      await keep.putAll([
        { key: 'a', value: '1' },
        { key: 'b', value: '2', expiresAtMs: now + 1 },
        { key: 'c', value: '3' },
      ]);
      now += 1;
      expect(await keep.getAll(['c', 'b', 'a', 'x'])).toEqual(
        new Map([
          ['c', '3'],
          ['a', '1'],
        ]),
      );
    });

    it('forgets an entry at its expiry, unless it was put again', async () => {
      await keep.put('a', '1', { expiresAtMs: now + 10 });
      await keep.put('b', '2', { expiresAtMs: now + 10 });
      await keep.put('b', '3', { expiresAtMs: now + 20 });
      await keep.put('c', '4', { expiresAtMs: now + 10 });
      await keep.put('c', '5');
      now += 9;
      expect(await keep.get('a')).toBe('1');
      now += 1;
      expect([await keep.get('a'), await keep.get('b'), await keep.get('c')]).toEqual([undefined, '3', '5']);
    });

    it('deletes', async () => {
      await keep.put('a', '1');
      await keep.delete('a');
      await keep.delete('a');
      expect(await keep.get('a')).toBeUndefined();
    });

    it('lists by prefix, ordered, page by page', async () => {
      await keep.putAll(['p/1', 'p/2', 'p/3', 'p', 'q/1'].map((key) => ({ key, value: key })));
      await keep.put('p/2', 'gone', { expiresAtMs: now });
      await keep.put('p/4', 'p/4', { expiresAtMs: now + 1 });
      expect(await keep.list('p/', { limit: 2 })).toEqual([
        { key: 'p/1', value: 'p/1' },
        { key: 'p/3', value: 'p/3' },
      ]);
      expect(await keep.list('p/', { after: 'p/3' })).toEqual([{ key: 'p/4', value: 'p/4', expiresAtMs: now + 1 }]);
    });

    it('is still there after a restart, with its expiries', async () => {
      await keep.put('a', '1');
      await keep.put('b', '2', { expiresAtMs: now + 10, durability: 'process' });
      const again = await under.reopen();
      expect([await again.get('a'), await again.get('b')]).toEqual(['1', '2']);
      now += 10;
      expect(await again.get('b')).toBeUndefined();
    });
  });
};
