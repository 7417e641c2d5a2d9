import { Inject, Injectable } from '@nestjs/common';
import type { HistoryFilter } from '#contracts/cairn/audit.js';
import type { EventFilter } from '#contracts/event-filter.js';
import { type HistoryCursor, isBehind } from '#event-sourcing/history-cursor.js';
import type { RecentPage } from '#event-sourcing/recent-history.js';
import { Ledger } from '#ledger/ledger.js';
import type { Entry } from '../index/entry-numbers.js';
import { HistoryIndex, type SearchedIndex } from '../index/history-index.js';
import { resolveFilter } from '../index/history-filter.js';
import { readEvents } from '../index/read-events.js';
import { FeedEntries, type PlacedEntry } from './feed-entries.js';
import { FeedTail } from './feed-tail.js';

/** Events that are read at once. */
const READ_MAX = 64;

/** Finds what followers have missed. */
@Injectable()
export class FeedSearch {
  constructor(
    @Inject(HistoryIndex) private readonly index: SearchedIndex,
    private readonly ledger: Ledger,
    private readonly entries: FeedEntries,
    private readonly tail: FeedTail,
  ) {}

  /**
   * @throws DomainError when a name stands for nothing, or for several things; `unavailable` while the index is being rebuilt
   */
  async filterOf(names: HistoryFilter): Promise<EventFilter> {
    if (Object.keys(names).length === 0) return [];
    await this.index.showHead();
    return resolveFilter(this.index, names).about;
  }

  /**
   * The first part of what is behind a cursor and may be wanted.
   *
   * @param withinMs a search that finds nothing says after this time how far it has looked: the next one goes on there
   */
  async behind(after: HistoryCursor, filter: EventFilter, withinMs = Infinity): Promise<RecentPage<PlacedEntry>> {
    if (filter.length === 0) return this.tail.older(after);
    const endsAtMs = performance.now() + withinMs;
    let upTo = after;
    for await (const { entries, lookedUpTo } of this.index.entries({ order: 'oldest', about: filter, after })) {
      // The index may not have come to the cursor yet: going back, events would come twice.
      if (isBehind(lookedUpTo, upTo)) upTo = lookedUpTo;
      if (entries.length > 0) return this.page(entries, lookedUpTo);
      if (performance.now() >= endsAtMs) break;
    }
    return { entries: [], upTo };
  }

  private async page(found: readonly Entry[], lookedUpTo: HistoryCursor): Promise<RecentPage<PlacedEntry>> {
    const first = found.slice(0, READ_MAX);
    const upTo = first.length < found.length ? (first.at(-1)?.cursor ?? lookedUpTo) : lookedUpTo;
    const cursors = first.map(({ cursor }) => cursor);
    const events = await readEvents(this.ledger, first);
    return this.entries.page({ events: events.map((event, at) => ({ event, cursor: cursors[at] ?? upTo })), upTo });
  }
}
