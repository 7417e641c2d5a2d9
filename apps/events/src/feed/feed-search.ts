import { Injectable } from '@nestjs/common';
import type { EventFilter } from '#contracts/event-filter.js';
import type { HistoryCursor } from '#event-sourcing/history-cursor.js';
import type { EffectiveEvent } from '#event-sourcing/effective-events.js';
import type { RecentPage } from '#event-sourcing/recent-history.js';
import { Ledger } from '#ledger/ledger.js';
import { type Entry, HistoryIndex } from '../index/history-index.js';
import { FeedEntries, type PlacedEntry } from './feed-entries.js';
import { FeedTail } from './feed-tail.js';

/** Finds what followers have missed. */
@Injectable()
export class FeedSearch {
  constructor(
    private readonly index: HistoryIndex,
    private readonly ledger: Ledger,
    private readonly entries: FeedEntries,
    private readonly tail: FeedTail,
  ) {}

  /** The first part of what is behind a cursor and may be wanted. */
  async behind(after: HistoryCursor, filter: EventFilter): Promise<RecentPage<PlacedEntry>> {
    if (filter.length === 0) return this.tail.older(after);
    let upTo = after;
    for await (const { entries, lookedUpTo } of this.index.entries({ order: 'oldest', about: filter, after })) {
      upTo = lookedUpTo;
      if (entries.length > 0) return { entries: await this.entries.of(await this.read(entries)), upTo };
    }
    return { entries: [], upTo };
  }

  private async read(entries: readonly Entry[]): Promise<readonly EffectiveEvent[]> {
    const events: EffectiveEvent[] = [];
    for (const { stream, revision, cursor } of entries) {
      const [event] = await this.ledger.readStream(stream, { from: revision, limit: 1 });
      if (event !== undefined) events.push({ event, cursor });
    }
    return events;
  }
}
