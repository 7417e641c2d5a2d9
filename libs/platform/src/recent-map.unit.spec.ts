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
