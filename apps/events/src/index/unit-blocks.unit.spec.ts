import fc from 'fast-check';
import { blocksAround, blocksOfRange } from './unit-blocks.js';

describe('blocks of ordinals', () => {
  it('cover exactly their range, with few blocks', () => {
    const numbers = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(numbers, numbers, numbers, (one, other, ordinal) => {
        const [first, last] = one < other ? [one, other] : [other, one];
        const blocks = new Set(blocksOfRange(first, last));
        const isCovered = blocksAround(ordinal).filter((block) => blocks.has(block)).length;
        expect(isCovered).toBe(ordinal >= first && ordinal <= last ? 1 : 0);
        expect(blocks.size).toBeLessThanOrEqual(6 * Math.ceil(Math.log(last - first + 2) / Math.log(4)));
      }),
    );
  });

  it('are one for a range that is a block', () => {
    expect([...blocksOfRange(64, 127)]).toHaveLength(1);
    expect([...blocksOfRange(5, 5)]).toHaveLength(1);
  });
});
