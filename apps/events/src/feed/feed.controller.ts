import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import type { EventFilter } from '#contracts/event-filter.js';
import { type FeedRequest, OpenFeed, type OpenedFeed } from '#contracts/cairn/feed.js';
import { type FeedPage, FollowFeed, ReadFeed } from '#contracts/feed.js';
import { eventAtCursor } from '#event-sourcing/event-at-cursor.js';
import { cursorAt, readSeenPlace, type SeenPlace, textOfPlace } from '#event-sourcing/history-cursor.js';
import { Ledger, START } from '#ledger/ledger.js';
import { DomainError } from '#platform/domain-error.js';
import { FeedSearch } from './feed-search.js';
import { feedPage, FeedTail } from './feed-tail.js';
import { checkReached, seenPlace, unknownPlace } from '../index/reached-place.js';

/** A search ends long before the deadline of its request. */
const SEARCH_MS = 1000;

/** @throws DomainError */
const placeOf = (text: string): SeenPlace => {
  const place = readSeenPlace(text);
  if (place === undefined) throw new DomainError('invalid', 'feed.bad-cursor', `"${text}" is no place`);
  return place;
};

@Controller()
export class FeedController {
  constructor(
    private readonly tail: FeedTail,
    private readonly search: FeedSearch,
    private readonly ledger: Ledger,
  ) {}

  @MessagePattern(OpenFeed.subject)
  async open({ request: { after, ...names } }: Message<FeedRequest>): Promise<Answer<OpenedFeed>> {
    const place =
      after === undefined
        ? await seenPlace(this.ledger, cursorAt(await this.ledger.head()))
        : await this.knownPlace(placeOf(after));
    return { reply: { filter: await this.search.filterOf(names), after: textOfPlace(place) } };
  }

  @MessagePattern(FollowFeed.subject)
  async follow({ request: { after } }: Message<{ readonly after?: string }>): Promise<Answer<FeedPage>> {
    const page = await this.tail.page(after === undefined ? undefined : placeOf(after));
    return { reply: await feedPage(this.ledger, page) };
  }

  @MessagePattern(ReadFeed.subject)
  async read({
    request: { after, filter },
  }: Message<{ readonly after: string; readonly filter: EventFilter }>): Promise<Answer<FeedPage>> {
    const place = placeOf(after);
    // First: within a batch that is not there, nothing can be looked for.
    await checkReached(this.ledger, place);
    return { reply: await feedPage(this.ledger, await this.search.behind(place, filter, SEARCH_MS)) };
  }

  /** @throws DomainError when the history does not have the place: no event is there, or another one, or no such event of a batch */
  private async knownPlace(given: SeenPlace): Promise<SeenPlace> {
    await checkReached(this.ledger, given);
    const place = given.eventId === undefined ? await seenPlace(this.ledger, given) : given;
    // Positions of EventStoreDB have gaps, in which nothing can be read.
    const isThere = place.eventId !== undefined || given.at === START;
    if (!isThere) throw unknownPlace(given);
    if (given.part !== undefined && (await eventAtCursor(this.ledger, given)) === undefined) throw unknownPlace(given);
    return place;
  }
}
