import { cursorAt, HISTORY_START } from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { EntryChunk } from '../index/history-index.js';
import { indexOf } from '../index/testing/index-of.js';
import type { FeedEntries } from './feed-entries.js';
import { FeedSearch } from './feed-search.js';
import type { FeedTail } from './feed-tail.js';

describe('a search for events of the feed', () => {
  it('that finds nothing says after a while how far it has looked', async () => {
    let looked = 0;
    // A history without an end.
    async function* entries(): AsyncGenerator<EntryChunk, void, void> {
      for (;;) {
        looked += 1;
        await nextLoopTurn();
        yield { entries: [], lookedUpTo: cursorAt(looked), isLast: false };
      }
    }
    const search = new FeedSearch(indexOf(entries), {} as Ledger, {} as FeedEntries, {} as FeedTail);
    const page = await search.behind(HISTORY_START, [['actor:alice']], 50);
    expect(page).toEqual({ entries: [], upTo: cursorAt(looked) });
  });
});
