import fc from 'fast-check';
import { sorting } from './sort-in-slices.js';

const run = <Result>(work: Generator<void, Result, void>): { readonly result: Result; readonly slices: number } => {
  for (let slices = 1; ; slices += 1) {
    const step = work.next();
    if (step.done === true) return { result: step.value, slices };
  }
};

describe('sorting in slices', () => {
  const items = (values: readonly number[]) => values.map((value, place) => ({ value, place }));
  const byValue = (a: { readonly value: number }, b: { readonly value: number }): number => a.value - b.value;

  it('puts everything where sorting at once puts it, equals in their order', () => {
    const size = fc.constantFrom(0, 1, 1_999, 2_000, 2_001, 4_001, 7_000, 16_001);
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 5_000 }), fc.nat(), (count, values, seed) => {
        const given = items(Array.from({ length: count }, (_, at) => ((at + seed) * 7_919) % values));
        expect(run(sorting(given, byValue)).result).toEqual(given.toSorted(byValue));
      }),
      { numRuns: 40 },
    );
  });

  it('lets others get their turn after a bounded number of items', () => {
    const count = 50_000;
    let compared = 0;
    let most = 0;
    const work = sorting(items(Array.from({ length: count }, (_, at) => (at * 7_919) % count)), (a, b) => {
      compared += 1;
      return byValue(a, b);
    });
    for (let before = 0; work.next().done !== true; before = compared) most = Math.max(most, compared - before);
    expect(most).toBeLessThan(2_000 * 12);
  });
});
