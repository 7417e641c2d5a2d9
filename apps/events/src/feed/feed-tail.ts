import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FeedPage } from '#contracts/feed.js';
import { effectiveEvents } from '#event-sourcing/effective-events.js';
import { cursorAt, type HistoryCursor, isBehind, type SeenPlace, textOfPlace } from '#event-sourcing/history-cursor.js';
import { RecentHistory, type RecentPage } from '#event-sourcing/recent-history.js';
import { Ledger } from '#ledger/ledger.js';
import { Waiter } from '#ledger/waiter.js';
import { Log } from '#platform/logging.js';
import { FeedEntries, type PlacedEntry } from './feed-entries.js';
import { checkReached, seenPlace } from '../index/reached-place.js';

/** An empty page is given after this time: shorter than a request waits before it is sent again. */
const WAIT_MS = 900;

/** When nobody has asked for so long, following ends. */
const IDLE_MS = 30_000;

/** The page as it is sent. */
export const feedPage = async (
  ledger: Pick<Ledger, 'eventAt'>,
  { entries, upTo }: RecentPage<PlacedEntry>,
): Promise<FeedPage> => {
  const last = entries.at(-1)?.place;
  const end =
    last?.at === upTo.at && last.eventId !== undefined
      ? { ...upTo, eventId: last.eventId }
      : await seenPlace(ledger, upTo);
  return { entries: entries.map(({ entry }) => entry), upTo: textOfPlace(end) };
};

/** Follows the end of the history as long as a gateway does. All gateways are served from the same memory. */
@Injectable()
export class FeedTail implements OnModuleDestroy {
  private recent: RecentHistory<PlacedEntry> | undefined;
  private following = new AbortController();
  private readonly waiting = new Set<Waiter>();
  private idle: NodeJS.Timeout | undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly ledger: Ledger,
    private readonly entries: FeedEntries,
    private readonly log: Log,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.stop();
    await this.ended;
  }

  /**
   * What is behind a cursor, after a while if there is nothing yet; see {@link FollowFeed}.
   *
   * @throws DomainError when the history does not have the place, because an older ledger was restored
   */
  async page(after: SeenPlace | undefined): Promise<RecentPage<PlacedEntry>> {
    this.stopWhenIdle();
    if (after === undefined) return { entries: [], upTo: this.recent?.end ?? cursorAt(await this.ledger.head()) };
    // Somebody else may be followed already who is at the end of the restored history.
    const isKnown = after.eventId === undefined && this.recent !== undefined && !isBehind(after, this.recent.end);
    if (!isKnown) await checkReached(this.ledger, after);
    const recent = (this.recent ??= this.follow(after));
    const page = recent.behind(after) ?? (await this.older(after));
    if (page.entries.length > 0) return page;
    const waiter = new Waiter();
    this.waiting.add(waiter);
    await waiter.wait(WAIT_MS);
    this.waiting.delete(waiter);
    return recent.behind(after) ?? page;
  }

  /** The first part of what is behind a cursor, from the ledger. */
  async older(after: HistoryCursor): Promise<RecentPage<PlacedEntry>> {
    for await (const batch of effectiveEvents(this.ledger, { after })) {
      if (batch.events.length > 0) return this.entries.page(batch);
    }
    return { entries: [], upTo: after };
  }

  private follow(after: HistoryCursor): RecentHistory<PlacedEntry> {
    const recent = new RecentHistory<PlacedEntry>(after);
    const following = new AbortController();
    this.following = following;
    this.ended = this.fill(recent, following.signal)
      .catch((error: unknown) => this.log.warn({ error }, 'the feed cannot follow the ledger, will try again'))
      .finally(() => {
        if (this.recent === recent) this.recent = undefined;
        this.wake();
      });
    return recent;
  }

  private async fill(recent: RecentHistory<PlacedEntry>, follow: AbortSignal): Promise<void> {
    for await (const { events, upTo } of effectiveEvents(this.ledger, { after: recent.end, follow })) {
      recent.push(await this.entries.of(events), upTo);
      if (events.length > 0) this.wake();
    }
  }

  private wake(): void {
    for (const waiter of this.waiting) waiter.wake();
  }

  private stopWhenIdle(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.stop(), IDLE_MS).unref();
  }

  private stop(): void {
    clearTimeout(this.idle);
    this.following.abort();
    this.recent = undefined;
  }
}
