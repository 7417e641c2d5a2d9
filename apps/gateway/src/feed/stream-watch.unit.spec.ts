import { cursorAt, HISTORY_START, type HistoryCursor } from '#event-sourcing/history-cursor.js';
import type { RecentPage } from '#event-sourcing/recent-history.js';
import { RecentHistory } from '#event-sourcing/recent-history.js';
import type { TailEntry } from './feed-tail.js';
import { StreamWatch } from './stream-watch.js';

const entry = (at: number, stream: string): TailEntry => ({
  ...{ cursor: String(at), place: cursorAt(at), characters: 1, stream, type: 'UnitFailed', text: '{}' },
  ...{ readers: 'everyone', entities: new Set<string>(), units: [], groups: [], documents: [] },
});

/** What a gateway remembers of the history. */
class Tail {
  recent: RecentHistory<TailEntry> | undefined;
  isInterrupted = false;
  private readonly followers = new Set<() => void>();

  get end(): HistoryCursor | undefined {
    return this.recent?.end;
  }

  get followed(): boolean {
    return this.followers.size > 0;
  }

  behind(after: HistoryCursor): RecentPage<TailEntry> | undefined {
    return this.recent?.behind(after);
  }

  join(wake: () => void): void {
    this.followers.add(wake);
  }

  leave(wake: () => void): void {
    this.followers.delete(wake);
  }

  tell(...entries: readonly TailEntry[]): void {
    this.recent?.push(entries, entries.at(-1)?.place ?? this.recent.end);
    for (const wake of this.followers) wake();
  }
}

describe('StreamWatch', () => {
  const LONG_MS = 60_000;
  let tail: Tail;
  let end: AbortController;
  let watch: StreamWatch;

  beforeEach(() => {
    tail = new Tail();
    end = new AbortController();
    watch = new StreamWatch(tail, 'work-torc.main.97', end.signal);
  });

  it('tells of events of its stream only, each once', async () => {
    tail.recent = new RecentHistory(cursorAt(3));
    // Before it was followed there may have been some.
    expect(await watch.wait(LONG_MS)).toEqual(cursorAt(3));
    expect(await watch.wait(0)).toBeUndefined();
    tail.tell(entry(4, 'work-torc.main.98'));
    expect(await watch.wait(0)).toBeUndefined();
    const told = watch.wait(LONG_MS);
    tail.tell(entry(5, 'work-torc.main.970'));
    tail.tell(entry(6, 'work-torc.main.97'), entry(7, 'work-torc.main.98'));
    expect(await told).toEqual(cursorAt(7));
    expect(await watch.wait(0)).toBeUndefined();
  });

  it('finds an event behind more than is looked at at once', async () => {
    tail.recent = new RecentHistory(cursorAt(0));
    await watch.wait(LONG_MS);
    tail.tell(...Array.from({ length: 2_000 }, (_, at) => entry(1 + at, at === 1_700 ? 'work-torc.main.97' : 'other')));
    expect(await watch.wait(0)).toBeDefined();
    expect(await watch.wait(0)).toBeUndefined();
  });

  it('takes what it cannot know for new: when the history begins anew, and when it has gone too far', async () => {
    expect(await watch.wait(0)).toBeUndefined();
    tail.recent = new RecentHistory(cursorAt(9));
    expect(await watch.wait(0)).toEqual(cursorAt(9));
    tail.recent = new RecentHistory(cursorAt(4));
    expect(await watch.wait(0)).toEqual(cursorAt(4));
    tail.recent = undefined;
    expect(await watch.wait(0)).toBeUndefined();
    tail.recent = new RecentHistory(cursorAt(4));
    expect(await watch.wait(0)).toEqual(cursorAt(4));
  });

  it('lets nobody wait for what a restored ledger does not have', () => {
    expect(watch.reached(cursorAt(9))).toBe(9);
    tail.recent = new RecentHistory(cursorAt(4));
    expect([9, 3].map((at) => watch.reached(cursorAt(at)))).toEqual([4, 3]);
  });

  it('takes everything for new after each wait, as long as the feed is interrupted', async () => {
    tail.recent = new RecentHistory(cursorAt(9));
    await watch.wait(0);
    tail.isInterrupted = true;
    expect(await watch.wait(0)).toEqual(HISTORY_START);
    tail.isInterrupted = false;
    tail.tell(entry(10, 'work-torc.main.97'));
    expect(await watch.wait(0)).toEqual(cursorAt(10));
    expect(await watch.wait(0)).toBeUndefined();
  });

  it('ends a wait with the stream, and leaves the feed', async () => {
    const waits = watch.wait(LONG_MS);
    end.abort();
    expect(await waits).toBeUndefined();
    watch[Symbol.dispose]();
    expect(tail.followed).toBe(false);
  });
});
