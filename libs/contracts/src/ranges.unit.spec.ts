import fc from 'fast-check';
import { RANGES_PER_EVENT_MAX, rangesOf, rangesPerEvent, slicesOf } from './ranges.js';
import type { Ranges } from './work-events.js';

const ordinalsOf = (ranges: Ranges): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));

describe('ranges', () => {
  it('join neighbours', () => {
    expect(rangesOf([3, 1, 2, 9, 1, 0])).toEqual([
      [0, 3],
      [9, 9],
    ]);
    expect(rangesOf([])).toEqual([]);
  });

  it('name the same ordinals, ascending and apart', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(40)), (ordinals) => {
        const ranges = rangesOf(ordinals);
        expect(ordinalsOf(ranges)).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
        ranges.forEach(([first], index) => {
          const before = ranges[index - 1];
          expect(before === undefined || before[1] + 1 < first).toBe(true);
        });
      }),
    ));

  it('are divided into chunks that fit an event', () => {
    const ranges = rangesOf(Array.from({ length: RANGES_PER_EVENT_MAX + 1 }, (_, index) => 2_000_000_000 + 2 * index));
    const chunks = rangesPerEvent(ranges);
    expect(chunks.map((chunk) => chunk.length)).toEqual([RANGES_PER_EVENT_MAX, 1]);
    expect(chunks.flat()).toEqual(ranges);
    expect(JSON.stringify(chunks[0]).length).toBeLessThan(200 * 1024);
  });

  it('are divided into slices', () => {
    expect([
      ...slicesOf(
        [
          [0, 4],
          [9, 9],
        ],
        2,
      ),
    ]).toEqual([
      [0, 1],
      [2, 3],
      [4, 4],
      [9, 9],
    ]);
  });
});
