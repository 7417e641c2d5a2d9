import { Injectable } from '@nestjs/common';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Caller } from '#bus/contract.js';
import { Ledger } from '#ledger/ledger.js';
import { type HistoryCursor, type SeenPlace, textOfCursor, textOfPlace } from '#event-sourcing/history-cursor.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import type { EventPage, ListEventsRequest } from '#contracts/cairn/audit.js';
import { cloudEvent } from '#contracts/cairn/event-envelope.js';
import { EventAccess } from '../access/event-access.js';
import { givenPlace } from '../index/given-place.js';
import type { Entry, EntryQuery } from '../index/entry-numbers.js';
import { HistoryIndex } from '../index/history-index.js';
import { resolveFilter } from '../index/history-filter.js';
import { readEvents } from '../index/read-events.js';
import { checkReached, seenPlace } from '../index/reached-place.js';

/** Events of up to 256 KiB are read together. */
const READ_TOGETHER = 16;

/** The audit list: pages of events that a caller may read. */
@Injectable()
export class EventList {
  constructor(
    private readonly index: HistoryIndex,
    private readonly access: EventAccess,
    private readonly ledger: Ledger,
  ) {}

  /** @throws DomainError as `resolveFilter`; `invalid` for places that are none, or that the history does not reach */
  async page(request: ListEventsRequest, caller: Caller): Promise<EventPage> {
    // A caller that has just made a change must find it, and so must rules of access.
    if (request.cursor === undefined) await Promise.all([this.index.showHead(), this.access.showHead()]);
    const after = placeOf('after', request.after);
    // Of a place without the id of its event, only a history that does not reach so far is noticed, at the end.
    if (after?.eventId !== undefined) await checkReached(this.ledger, after);
    const query = this.queryOf(request);
    const { limit = Infinity } = request;
    const page = new PageBuilder();
    for await (const { entries, lookedUpTo, isLast } of this.index.entries(query)) {
      const readable = entries.filter(({ stream }) => this.access.mayRead(stream, caller));
      for (let at = 0; at < readable.length; at += READ_TOGETHER) {
        const some = readable.slice(at, at + READ_TOGETHER);
        for (const [text, cursor] of await this.textsOf(some)) {
          page.add(text, text.length);
          if (page.isFull || page.size >= limit) return this.pageUpTo(request, page, cursor);
        }
        await nextLoopTurn();
      }
      // A client that goes on behind what the history does not reach would wait for ever.
      if (isLast && page.size === 0 && query.order === 'oldest' && query.after !== undefined)
        await checkReached(this.ledger, query.after);
      if (isLast) return request.order === 'oldest' ? this.withLookedUpTo(page.page(), lookedUpTo) : page.page();
      if (page.isFull) return this.pageUpTo(request, page, lookedUpTo);
    }
    return page.page();
  }

  private async pageUpTo({ order }: ListEventsRequest, page: PageBuilder, cursor: HistoryCursor): Promise<EventPage> {
    const upTo = page.page(textOfCursor(cursor));
    return order === 'oldest' ? this.withLookedUpTo(upTo, cursor) : upTo;
  }

  private async withLookedUpTo(page: EventPage, cursor: HistoryCursor): Promise<EventPage> {
    return { ...page, looked_up_to: textOfPlace(await seenPlace(this.ledger, cursor)) };
  }

  private async textsOf(
    entries: readonly Entry[],
  ): Promise<readonly (readonly [text: string, cursor: HistoryCursor])[]> {
    const events = await readEvents(this.ledger, entries);
    return entries.flatMap(({ cursor }, at) => {
      const event = events[at];
      return event === undefined ? [] : [[cloudEvent(event, textOfCursor(cursor)), cursor] as const];
    });
  }

  private queryOf({ order, after, up_to: upTo, cursor, ...filter }: ListEventsRequest): EntryQuery {
    const isOldest = order === 'oldest';
    const behind = placeOf('after', isOldest ? (cursor ?? after) : after);
    const until = placeOf('up_to', upTo);
    const before = placeOf('cursor', isOldest ? undefined : cursor);
    return {
      order,
      ...resolveFilter(this.index, filter),
      ...(behind !== undefined && { after: behind }),
      ...(until !== undefined && { upTo: until }),
      ...(before !== undefined && { before }),
    };
  }
}

const placeOf = (name: string, text: string | undefined): SeenPlace | undefined =>
  text === undefined ? undefined : givenPlace(name, text);
