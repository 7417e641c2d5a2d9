import { Injectable } from '@nestjs/common';
import { cloudEvent } from '#contracts/cairn/event-envelope.js';
import type { FeedEntry } from '#contracts/feed.js';
import type { EffectiveBatch, EffectiveEvent } from '#event-sourcing/effective-events.js';
import { type HistoryCursor, type SeenPlace, textOfCursor, textOfPlace } from '#event-sourcing/history-cursor.js';
import type { RecentEntry, RecentPage } from '#event-sourcing/recent-history.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { DomainError } from '#platform/domain-error.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { type EventMetadata, Ledger, type RecordedEvent } from '#ledger/ledger.js';
import { EventAccess } from '../access/event-access.js';
import { mentionsOf } from '../index/mentions.js';
import { seenPlace } from '../index/reached-place.js';

/** How long one wait for access rules is. */
const RULES_WITHIN_MS = 500;
const ATTEMPTS_MAX = 20;

/** So many events are looked at before others get their turn. */
const AT_ONCE = 64;

/** A little less than what is told to a client at a time. */
const PAGE_CHARACTERS_MAX = 32 * 1024;

/** An entry with its place. */
export interface PlacedEntry extends RecentEntry {
  readonly entry: FeedEntry;
  /** Those of the entry, by which a filter chooses it. */
  readonly entities: ReadonlySet<string>;
}

/** Says of events what the gateways need to know. */
@Injectable()
export class FeedEntries {
  constructor(
    private readonly readModel: ReadModel,
    private readonly access: EventAccess,
    private readonly ledger: Ledger,
  ) {}

  /** The first part of what was read, or all of it: as much as a follower takes at a time. */
  async page({ events, upTo }: EffectiveBatch): Promise<RecentPage<PlacedEntry>> {
    let characters = 0;
    let count = 0;
    for (const { event } of events) {
      if (characters >= PAGE_CHARACTERS_MAX) break;
      characters += event.data.length + event.metadata.length;
      count += 1;
    }
    const entries = await this.of(events.slice(0, count));
    return { entries, upTo: count < events.length ? (entries.at(-1)?.place ?? upTo) : upTo };
  }

  async of(events: readonly EffectiveEvent[]): Promise<readonly PlacedEntry[]> {
    const last = events.at(-1);
    if (last === undefined) return [];
    await this.rulesUpTo(last.cursor);
    const entries: PlacedEntry[] = [];
    let place: SeenPlace | undefined;
    for (const [index, { event, cursor }] of events.entries()) {
      // What ends a batch is read once for all of its parts.
      if (cursor.part === undefined) place = { ...cursor, eventId: event.id };
      else place = place?.at === cursor.at ? { ...place, ...cursor } : await seenPlace(this.ledger, cursor);
      entries.push(this.entryOf(event, place));
      if (index % AT_ONCE === AT_ONCE - 1) await nextLoopTurn();
    }
    return entries;
  }

  /** An event is told with the rule that holds when it took effect, or a later one: else its workload might seem to have none. */
  private async rulesUpTo({ at }: HistoryCursor): Promise<void> {
    for (let attempt = 1; !(await this.readModel.waitForPosition(at, RULES_WITHIN_MS)); attempt += 1) {
      if (attempt >= ATTEMPTS_MAX) {
        throw new DomainError('unavailable', 'feed.behind', 'The access rules of the latest events are not known yet');
      }
    }
  }

  private entryOf(event: RecordedEvent, place: SeenPlace): PlacedEntry {
    const { stream, type } = event;
    const data = JSON.parse(event.data) as Readonly<Record<string, unknown>>;
    const metadata = JSON.parse(event.metadata) as EventMetadata;
    const { entities, rare, units, groups, documents } = mentionsOf({ stream, type, data, metadata });
    const text = cloudEvent(event, textOfCursor(place));
    const about = new Set<string>([...entities, ...rare]);
    const entry: FeedEntry = {
      ...{ cursor: textOfPlace(place), stream, type, text, readers: this.access.readersOf(stream) },
      ...{ entities: [...about], units, groups, documents },
    };
    return { place, characters: text.length, entry, entities: about };
  }
}
