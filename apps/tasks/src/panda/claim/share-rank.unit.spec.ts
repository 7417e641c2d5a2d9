import { DEFAULT_SHARES, type Share } from '#contracts/panda/queues.js';
import { ranked, targetsOf } from './share-rank.js';

const share = (name: string, value: number, parent: string | null = null): Share => ({
  ...{ name, value, parent, prodsourcelabel: null, workinggroup: null, campaign: null, processingtype: null },
  ...{ transpath: null, vo: null, rtype: null, queue_id: null, throttled: null },
});

const viewOf = (shares: readonly Share[], executing: Readonly<Record<string, number>>) => ({
  shares: () => shares,
  countExecuting: (name: string) => executing[name] ?? 0,
});

describe('targetsOf', () => {
  it('multiplies the parts of a tree', () => {
    const shares = [share('A', 3), share('B', 1), share('A1', 1, 'A'), share('A2', 2, 'A')];
    expect(Object.fromEntries(targetsOf(shares))).toEqual({ A: 0.75, B: 0.25, A1: 0.25, A2: 0.5 });
  });

  it.each([
    ['a circle', [share('A', 1, 'B'), share('B', 1, 'A')]],
    ['an unknown parent', [share('A', 1, 'nobody')]],
    ['no values', [share('A', 0), share('B', 0)]],
  ])('copes with %s', (_, shares) => {
    for (const part of targetsOf(shares).values()) expect(Number.isFinite(part)).toBe(true);
  });
});

describe('ranked', () => {
  const shares = ['Production', 'User Analysis', 'Test', 'Unknown'];

  it.each([
    [{}, ['Test', 'Production', 'User Analysis', 'Unknown']],
    [{ Production: 8, 'User Analysis': 2, Test: 100 }, ['Test', 'User Analysis', 'Production', 'Unknown']],
    [{ Production: 6, 'User Analysis': 2 }, ['Test', 'Production', 'User Analysis', 'Unknown']],
  ])('%j', (executing, expected) => {
    expect(ranked(viewOf(DEFAULT_SHARES, executing), [...shares, ...shares])).toEqual(expected);
  });
});
