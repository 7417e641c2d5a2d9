import { Inject, Injectable } from '@nestjs/common';
import type { Caller, Page } from '#bus/contract.js';
import type { TimelineRequest } from '#contracts/cairn/timelines.js';
import { type HistoryCursor, isBehind, textOfCursor } from '#event-sourcing/history-cursor.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { Slices } from '#event-sourcing/slices.js';
import { Ledger } from '#ledger/ledger.js';
import { EventAccess } from '../access/event-access.js';
import { givenPlace } from '../index/given-place.js';
import { HistoryIndex, type SearchedIndex } from '../index/history-index.js';
import { readEvents } from '../index/read-events.js';
import { Causes } from './causes.js';
import { notFound, type TimelineSubject, TimelineSubjects } from './subject.js';
import { Teller } from './teller.js';

/** Events read together: each may be large. */
const READ_TOGETHER = 8;

/** Timelines that wait for their next page. Each holds the values of its subject, a few megabytes at most. */
const OPEN_MAX = 32;

interface ToldEntry {
  readonly cursor: HistoryCursor;
  /** Absent where an event did not concern the subject, and where the caller may read none. */
  readonly text?: string;
}

type Telling = AsyncGenerator<ToldEntry, void, void>;

/** Answers timelines page by page: what happened to something that has an id, when, who did it and why, and what changed. */
@Injectable()
export class Timelines {
  private readonly subjects: TimelineSubjects;
  private readonly causes: Causes;
  /** By request and cursor: what a next page does not have to tell again. A page whose telling is gone tells from the beginning. */
  private readonly open = new Map<string, Telling>();

  constructor(
    @Inject(HistoryIndex) private readonly index: SearchedIndex,
    private readonly access: EventAccess,
    private readonly ledger: Ledger,
  ) {
    this.subjects = new TimelineSubjects(index, access, ledger);
    this.causes = new Causes(index, ledger, access);
  }

  /** @throws DomainError as {@link TimelineSubjects.find}; `invalid` for a cursor that is none */
  async page(request: TimelineRequest, caller: Caller): Promise<Page> {
    const { kind, cursor, limit = Infinity } = request;
    const after = cursor === undefined ? undefined : givenPlace('cursor', cursor);
    // A caller that has just made a change must find it, and so must rules of access.
    if (cursor === undefined) await Promise.all([this.index.showHead(), this.access.showHead()]);
    const subject = await this.subjects.find(request, caller);
    const telling = this.take(request, caller) ?? this.tell(subject, caller);
    const page = new PageBuilder();
    for (let step = await telling.next(); step.done !== true; step = await telling.next()) {
      const { cursor: place, text } = step.value;
      const isAsked = after === undefined || isBehind(place, after);
      if (isAsked && text !== undefined) page.add(text, text.length);
      if (!page.isFull && page.size < limit) continue;
      // What is told again up to the cursor may take longer than a page.
      const next = isAsked ? textOfCursor(place) : (cursor ?? textOfCursor(place));
      this.put({ ...request, cursor: next }, caller, telling);
      return page.page(next);
    }
    if (page.size === 0 && cursor === undefined) throw notFound(kind);
    return page.page();
  }

  private async *tell({ about, told }: TimelineSubject, caller: Caller): Telling {
    const teller = new Teller(told);
    const slices = new Slices();
    for await (const { entries, lookedUpTo, isLast } of this.index.entries({ order: 'oldest', about })) {
      const readable = entries.filter(
        ({ stream }) => ('stream' in told && told.stream === stream) || this.access.mayRead(stream, caller),
      );
      for (let at = 0; at < readable.length; at += READ_TOGETHER) {
        const some = readable.slice(at, at + READ_TOGETHER);
        const events = await readEvents(this.ledger, some);
        for (const [number, { cursor }] of some.entries()) {
          const event = events[number];
          if (event === undefined) continue;
          const text = teller.tell({ event, cursor }, await this.causes.of(event, caller));
          yield { cursor, ...(text !== undefined && { text }) };
          if (slices.spent) await slices.pause();
        }
      }
      // A page may end here, though the caller may read nothing of much.
      if (!isLast) yield { cursor: lookedUpTo };
    }
  }

  private take(request: TimelineRequest, caller: Caller): Telling | undefined {
    const key = keyOf(request, caller);
    const telling = this.open.get(key);
    this.open.delete(key);
    return telling;
  }

  private put(request: TimelineRequest, caller: Caller, telling: Telling): void {
    for (const key of this.open.keys()) {
      if (this.open.size < OPEN_MAX) break;
      this.open.delete(key);
    }
    this.open.set(keyOf(request, caller), telling);
  }
}

/** Another caller may be told something else. */
const keyOf = ({ kind, id, cursor }: TimelineRequest, { username, roles, groups }: Caller): string =>
  JSON.stringify([kind, id, cursor, username, roles, groups]);
