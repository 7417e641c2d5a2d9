import { cursorAt } from '#event-sourcing/history-cursor.js';
import { type PlacesOfIndex, resumedAt, seenUpTo } from './delivery-place.js';

/** An index of a ledger in which the events of one stream have these positions. */
const indexOf = (positions: readonly number[], stream = 'work-iceprod.main.a'): PlacesOfIndex => {
  const entry = (number: number) => {
    const at = positions[number - 1];
    return at === undefined ? undefined : { stream, revision: number - 1, cursor: cursorAt(at), timeMicros: 0 };
  };
  return {
    showHead: () => Promise.resolve(),
    entryNumbered: entry,
    lastUpTo: ({ at }) => {
      const number = positions.filter((position) => position <= at).length;
      const found = entry(number);
      return found && { ...found, number };
    },
  };
};

describe('a delivery goes on', () => {
  const seen = seenUpTo(indexOf([1, 2, 3, 4]), '3');

  it.each([
    ['where it was', indexOf([1, 2, 3, 4]), 4, '3'],
    ['behind the same event in another ledger', indexOf([10, 25, 31, 47]), 47, '31'],
    ['at the end of an older ledger', indexOf([1, 2]), 2, '2'],
    ['at the end where another history has grown longer', indexOf([1, 2, 3, 4, 5], 'work-iceprod.main.b'), 5, '5'],
  ])('%s', async (_, index, head, expected) => {
    expect(await resumedAt(index, head, { cursor: '3', ...(seen && { seen }) })).toBe(expected);
  });
});
