import { cursorAt } from '#event-sourcing/history-cursor.js';
import type { ReadStreamOptions } from '#ledger/ledger.js';
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

/** A ledger that ends there; each course of the history has other events. */
const ledgerOf = (head: number, course = 'first') => ({
  head: () => Promise.resolve(head),
  readStream: (stream: string, { from: revision = 0 }: ReadStreamOptions = {}) =>
    Promise.resolve([
      {
        ...{ stream, revision, id: `${course}-${revision}`, type: 'T' },
        ...{ data: '', metadata: '', hash: '', position: 0 },
      },
    ]),
});

describe('a delivery goes on', () => {
  it.each([
    ['where it was', indexOf([1, 2, 3, 4]), ledgerOf(4), '3'],
    ['behind the same event in another ledger', indexOf([10, 25, 31, 47]), ledgerOf(47), '31'],
    ['at the end of an older ledger', indexOf([1, 2]), ledgerOf(2), '2'],
    ['at the end where another stream has grown', indexOf([1, 2, 3, 4, 5], 'work-iceprod.main.b'), ledgerOf(5), '5'],
    ['at the end where the same stream has grown another way', indexOf([1, 2, 3, 4, 5]), ledgerOf(5, 'other'), '5'],
  ])('%s', async (_, index, ledger, expected) => {
    const seen = await seenUpTo(indexOf([1, 2, 3, 4]), ledgerOf(4), '3');
    expect(await resumedAt(index, ledger, { cursor: '3', ...(seen && { seen }) })).toBe(expected);
  });
});
