import { alternate, spread, warmUp } from './rounds.js';

/** A measurement that yields one figure after the other, and counts them. */
const figures = (...values: readonly number[]) => {
  let taken = 0;
  const measure = (): Promise<number> => {
    taken += 1;
    return Promise.resolve(values[taken - 1] ?? values.at(-1) ?? NaN);
  };
  return { measure, taken: () => taken };
};

describe('rounds of the bench', () => {
  it('warm up while the pace improves, despite one slow round', async () => {
    const improving = figures(100, 200, 150, 300, 301, 299);
    await warmUp(improving.measure);
    expect(improving.taken()).toBe(6);
  });

  it('end a warm-up that never settles', async () => {
    const endless = figures(...Array.from({ length: 100 }, (_, round) => 2 ** round));
    await warmUp(endless.measure);
    expect(endless.taken()).toBe(16);
  });

  it('alternate, with three of each', async () => {
    const order: string[] = [];
    const measure = (name: string) => (): Promise<string> => {
      order.push(name);
      return Promise.resolve(name);
    };
    expect(await alternate(measure('a'), measure('b'))).toEqual({ theirs: ['a', 'a', 'a'], ours: ['b', 'b', 'b'] });
    expect(order.join('')).toBe('ababab');
  });

  it('show the median and the range', () => {
    expect(spread([0.05, 0.02, 0.048])).toBe('0.0480 (0.0200 to 0.0500)');
  });
});
