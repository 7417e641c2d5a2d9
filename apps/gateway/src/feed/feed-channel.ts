import type { Caller } from '#bus/contract.js';
import { mayBeReadBy } from '#contracts/event-readers.js';
import { type EventFilter, isWanted } from '#contracts/event-filter.js';
import type { SeenPlace } from '#event-sourcing/history-cursor.js';
import type { RecentPage } from '#event-sourcing/recent-history.js';
import type { FeedTail, TailEntry } from './feed-tail.js';

/** So much is told at a time, in characters: what a client has not taken yet is in memory. */
const TOLD_MAX = 64 * 1024;

/** A part of a stream of server-sent events. */
export interface Told {
  /** Empty when nothing is for these followers. */
  readonly text: string;
  readonly upTo: SeenPlace;
}

const LINE_BREAKS = /[\n\r]+/g;

/** JSON has line breaks only between its tokens, so there they may go. */
const toldEvent = ({ cursor, type, text }: TailEntry): string =>
  `id: ${cursor}\nevent: ${type}\ndata: ${text.replace(LINE_BREAKS, ' ')}\n\n`;

/** Followers that want the same and may read the same: what they are told is made once. */
export class FeedChannel {
  private made: (Told & { readonly after: SeenPlace; readonly end: SeenPlace }) | undefined;
  private madeOf: readonly TailEntry[] = [];

  constructor(
    private readonly recent: Pick<FeedTail, 'behind'>,
    readonly filter: EventFilter,
    private readonly caller: Caller,
  ) {}

  /** What is behind a place, or the first part of it; undefined when it is not in memory. */
  behind(after: SeenPlace): Told | undefined {
    const page = this.recent.behind(after);
    if (page === undefined) return undefined;
    const { made } = this;
    // Entries may have got other readers.
    const isSame = (): boolean => page.entries.every((entry, index) => entry === this.madeOf[index]);
    if (made?.after === after && made.end === page.upTo && isSame()) return made;
    const fresh = { ...this.tell(page), after, end: page.upTo };
    this.made = fresh;
    this.madeOf = page.entries;
    return fresh;
  }

  /** What of a page is for these followers, or the first part of it. */
  tell({ entries, upTo }: RecentPage<TailEntry>): Told {
    let text = '';
    for (const entry of entries) {
      if (!isWanted(entry, this.filter) || !mayBeReadBy(entry.readers, this.caller)) continue;
      text += toldEvent(entry);
      if (text.length >= TOLD_MAX) return { text, upTo: entry.place };
    }
    return { text, upTo };
  }
}
