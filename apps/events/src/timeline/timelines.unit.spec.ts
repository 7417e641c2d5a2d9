import { cursorAt } from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { EventAccess } from '../access/event-access.js';
import type { Entry } from '../index/entry-numbers.js';
import type { EntryChunk } from '../index/history-index.js';
import { indexOf } from '../index/testing/index-of.js';
import { Timelines } from './timelines.js';

describe('a page of a timeline', () => {
  const caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: [] };

  it('ends after a while though the caller may read nothing, and the next one goes on', async () => {
    let looked = 0;
    // A history without an end.
    async function* entries(): AsyncGenerator<EntryChunk, void, void> {
      for (;;) {
        looked += 1;
        const cursor = cursorAt(looked);
        const entry: Entry = { stream: 'work-iceprod.main.a', revision: looked, cursor, timeMicros: looked };
        await nextLoopTurn();
        yield { entries: [entry], lookedUpTo: cursor, isLast: false };
      }
    }
    const access = { mayRead: () => false, showHead: () => Promise.resolve() } as unknown as EventAccess;
    const timelines = new Timelines(indexOf(entries), access, {} as Ledger);
    const first = await timelines.page({ kind: 'person', id: 'grid' }, caller);
    expect(first).toEqual({ entries: [], next: String(looked) });
    const second = await timelines.page({ kind: 'person', id: 'grid', cursor: String(looked) }, caller);
    expect(second).toEqual({ entries: [], next: String(looked) });
    expect(Number(second.next)).toBeGreaterThan(Number(first.next));
  });
});
