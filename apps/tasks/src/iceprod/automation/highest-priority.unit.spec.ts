import fc from 'fast-check';
import { HighestPriority } from './highest-priority.js';

describe('the units of highest priority', () => {
  it('have the highest priority, and are older than others with the same', () => {
    const best = new HighestPriority(3);
    for (const [key, priority] of [
      [5, 0.5],
      [1, 0.1],
      [4, 0.5],
      [2, 0.9],
      [3, 0.5],
    ] as const)
      best.offer(key, priority);
    expect([best.chosen(), best.exceedsLimit]).toEqual([[2, 3, 4], true]);
  });

  it('are all units when the limit allows', () => {
    const best = new HighestPriority(2);
    best.offer(2, 0);
    best.offer(1, 1);
    expect([best.chosen(), best.exceedsLimit]).toEqual([[1, 2], false]);
  });

  it('do not depend on the order and number of units', () => {
    const priorities = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 10_000, maxLength: 30_000 });
    fc.assert(
      fc.property(priorities, fc.nat(50), (given, limit) => {
        const best = new HighestPriority(limit);
        given.forEach((priority, key) => best.offer(key, priority));
        const right = given
          .map((priority, key) => ({ key, priority }))
          .sort((a, b) => b.priority - a.priority || a.key - b.key)
          .slice(0, limit)
          .map(({ key }) => key)
          .sort((a, b) => a - b);
        expect([best.chosen(), best.exceedsLimit]).toEqual([right, true]);
      }),
      { numRuns: 20 },
    );
  });
});
