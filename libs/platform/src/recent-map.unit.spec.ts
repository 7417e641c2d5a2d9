import { RecentMap } from './recent-map.js';

it('keeps what was used lately, and never more than the maximum', () => {
  const map = new RecentMap<number>(10);
  for (let key = 0; key < 100; key += 1) {
    map.set(`key ${key}`, key);
    expect(map.get('key 0')).toBe(0);
    expect(map.get(`key ${Math.max(0, key - 2)}`)).toBe(Math.max(0, key - 2));
  }
  const kept = Array.from({ length: 100 }, (_, key) => map.get(`key ${key}`)).filter((value) => value !== undefined);
  expect(kept.length).toBeLessThanOrEqual(10);
  map.delete('key 99');
  expect(map.get('key 99')).toBeUndefined();
  map.clear();
  expect(map.get('key 0')).toBeUndefined();
});

it('never weighs more than the maximum, however often an entry is set again', () => {
  const map = new RecentMap<number>(100, (weight) => weight);
  const keys = Array.from({ length: 40 }, (_, key) => `key ${key}`);
  for (let round = 0; round < 10; round += 1) for (const key of ['a', 'b', 'c']) map.set(key, 10);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([10, 10, 10]);
  for (const [at, key] of keys.entries()) {
    map.set(key, 1 + (at % 20));
    const kept = keys.flatMap((each) => map.get(each) ?? []);
    expect(kept.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(100 + 20);
    expect(map.get(key)).toBe(1 + (at % 20));
  }
});
