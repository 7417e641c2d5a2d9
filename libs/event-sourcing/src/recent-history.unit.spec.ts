import fc from 'fast-check';
import { cursorAt, type HistoryCursor, HISTORY_START, isBehind } from './history-cursor.js';
import { type RecentEntry, RecentHistory } from './recent-history.js';

const entriesOf = (places: readonly HistoryCursor[], characters = 10): readonly RecentEntry[] =>
  places.map((place) => ({ place, characters }));

/** Positions grow; some are batches with parts, and some places have no event. */
const history = fc
  .array(fc.record({ step: fc.integer({ min: 1, max: 3 }), parts: fc.integer({ min: 0, max: 4 }) }), { maxLength: 60 })
  .map((slices) => {
    let at = 0;
    return slices.map(({ step, parts }) => {
      at += step;
      const places =
        parts === 0 ? [cursorAt(at)] : Array.from({ length: parts }, (_, index) => cursorAt(at, index + 1));
      return { entries: entriesOf(places), upTo: cursorAt(at) };
    });
  });

describe('RecentHistory', () => {
  it('has exactly what is behind a place, wherever that is', () => {
    fc.assert(
      fc.property(history, fc.nat(200), (pages, place) => {
        const recent = new RecentHistory<RecentEntry>(HISTORY_START);
        for (const { entries, upTo } of pages) recent.push(entries, upTo);
        const all = pages.flatMap(({ entries }) => entries);
        const after = cursorAt(place % (recent.end.at + 1));
        expect(recent.behind(after)?.entries).toEqual(all.filter((entry) => isBehind(entry.place, after)));
      }),
    );
  });

  it('goes on from page to page without a gap', () => {
    const recent = new RecentHistory<RecentEntry>(HISTORY_START);
    const entries = entriesOf(
      Array.from({ length: 2000 }, (_, index) => cursorAt(index + 1)),
      2000,
    );
    recent.push(entries, cursorAt(2100));
    const got: RecentEntry[] = [];
    let after = HISTORY_START;
    for (let page = recent.behind(after); isBehind(recent.end, after); page = recent.behind(after)) {
      if (page === undefined) throw new Error('it has a gap');
      got.push(...page.entries);
      after = page.upTo;
    }
    expect(got).toEqual(entries);
    expect(after).toEqual(cursorAt(2100));
  });

  it('forgets the oldest, and says so', () => {
    const recent = new RecentHistory<RecentEntry>(HISTORY_START);
    const count = 20_000;
    for (let at = 1; at <= count; at += 1) recent.push(entriesOf([cursorAt(at)]), cursorAt(at));
    expect(recent.behind(HISTORY_START)).toBeUndefined();
    expect(recent.behind(cursorAt(count + 1))).toBeUndefined();
    expect(recent.behind(cursorAt(count))).toEqual({ entries: [], upTo: cursorAt(count) });
    let kept = count;
    while (recent.behind(cursorAt(kept - 1)) !== undefined) kept -= 1;
    expect(count - kept).toBeGreaterThan(4000);
    expect(count - kept).toBeLessThanOrEqual(8192);
  });
});
