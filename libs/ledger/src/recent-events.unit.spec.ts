import type { RecordedEvent } from './ledger.js';
import { RecentEvents } from './recent-events.js';

const events = (first: number, last: number, data = '{}'): readonly RecordedEvent[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({
    position: first + index,
    stream: 'work-a',
    revision: index,
    id: String(index),
    type: 'UnitClaimed',
    data,
    metadata: '{}',
    hash: '',
  }));

const positions = (found: readonly RecordedEvent[] | undefined): readonly number[] | undefined =>
  found?.map(({ position }) => position);

describe('RecentEvents', () => {
  it('gives the events behind a position that it has, and says when it has not', () => {
    const recent = new RecentEvents();
    expect(recent.behind(0, 10)).toBeUndefined();
    recent.push(events(5, 7));
    recent.push(events(8, 8));
    expect(positions(recent.behind(4, 10))).toEqual([5, 6, 7, 8]);
    expect(positions(recent.behind(6, 1))).toEqual([7]);
    expect(recent.behind(8, 10)).toBeUndefined();
    expect(recent.behind(3, 10)).toBeUndefined();
  });

  it('never bridges a gap that another process has filled', () => {
    const recent = new RecentEvents();
    recent.push(events(1, 3));
    recent.push(events(5, 6));
    expect(recent.behind(2, 10)).toBeUndefined();
    expect(positions(recent.behind(4, 10))).toEqual([5, 6]);
  });

  it('is bounded in events and in characters, and keeps the last ones', () => {
    const many = new RecentEvents();
    for (let first = 1; first <= 10_000; first += 100) many.push(events(first, first + 99));
    expect(many.behind(5000, 10)).toBeUndefined();
    expect(positions(many.behind(9_999, 10))).toEqual([10_000]);
    const large = new RecentEvents();
    large.push(events(1, 100, 'x'.repeat(200_000)));
    expect(large.behind(0, 1)).toBeUndefined();
    expect(positions(large.behind(99, 1))).toEqual([100]);
  });
});
