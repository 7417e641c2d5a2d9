import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '#bus/bus.js';
import { type FeedEntry, type FeedPage, FollowFeed, UNKNOWN_PLACE } from '#contracts/feed.js';
import { HISTORY_START, readSeenPlace, type SeenPlace, textOfPlace } from '#event-sourcing/history-cursor.js';
import { type RecentEntry, RecentHistory, type RecentPage } from '#event-sourcing/recent-history.js';
import { refOfStream } from '#ledger/ref.js';
import { DomainError } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import { ownContext } from '../edge/own-context.js';

/** How long the service may take: it waits a while for events, and may restart. */
const DEADLINE_MS = 10_000;

/** What comes within this time is told together: each page wakes all followers. */
const TOGETHER_MS = 20;
const RETRY_MS = 250;

/** Followers are woken so often at least, to send signs of life. */
const TICK_MS = 5000;

/** An entry as followers choose it. */
export interface TailEntry extends Omit<FeedEntry, 'entities'>, RecentEntry {
  readonly entities: ReadonlySet<string>;
}

/** Streams that record who may read a workload. */
const ACCESS = 'access-';

/** Whether the history does not have any more the place where a follower is: an older backup of the ledger was restored. */
export const isUnknownPlace = (error: unknown): boolean => error instanceof DomainError && error.code === UNKNOWN_PLACE;

const placeOf = (text: string): SeenPlace => readSeenPlace(text) ?? HISTORY_START;

/** A page as it came from the service. */
export const tailPage = ({ entries, upTo }: FeedPage): RecentPage<TailEntry> => ({
  entries: entries.map((entry) => ({
    ...{ ...entry, place: placeOf(entry.cursor), characters: entry.text.length },
    entities: new Set(entry.entities),
  })),
  upTo: placeOf(upTo),
});

/**
 * The latest events, of which all followers of this gateway get theirs: however many there are, the service is asked once, and nobody is asked
 * as long as nobody follows.
 */
@Injectable()
export class FeedTail {
  private readonly followers = new Set<() => void>();
  private recent: RecentHistory<TailEntry> | undefined;
  private isFollowing = false;
  private interrupted = false;
  private courses = 0;

  constructor(
    private readonly bus: Bus,
    private readonly log: Log,
  ) {}

  /** From now on `wake` is called when there is something new, and now and then without a reason. */
  join(wake: () => void): void {
    this.followers.add(wake);
    if (!this.isFollowing) void this.follow();
  }

  leave(wake: () => void): void {
    this.followers.delete(wake);
  }

  /** How far the memory reaches; undefined while there is none. */
  get end(): SeenPlace | undefined {
    return this.recent?.end;
  }

  /** Another number when another history was found: an older backup of the ledger was restored, or it was moved. */
  get course(): number {
    return this.courses;
  }

  /** Whether nothing is heard of the service. */
  get isInterrupted(): boolean {
    return this.interrupted;
  }

  /** What is behind a place; undefined when what follows the place is not in memory. */
  behind(after: SeenPlace): RecentPage<TailEntry> | undefined {
    return this.recent?.behind(after);
  }

  private async follow(): Promise<void> {
    this.isFollowing = true;
    const ticks = setInterval(() => this.wake(), TICK_MS).unref();
    while (this.followers.size > 0) {
      const isNew = await this.fetch();
      if (isNew) this.wake();
      await delay(isNew === undefined ? RETRY_MS : TOGETHER_MS);
    }
    clearInterval(ticks);
    this.recent = undefined;
    this.isFollowing = false;
  }

  /** Resolves with whether there is something new; with nothing when the service does not answer. */
  private async fetch(): Promise<boolean | undefined> {
    const request = this.recent === undefined ? {} : { after: textOfPlace(this.recent.end) };
    const context = ownContext('gateway-feed', DEADLINE_MS);
    try {
      const { entries, upTo } = tailPage(await this.bus.request(FollowFeed, request, context));
      this.interrupted = false;
      const isFirst = this.recent === undefined;
      this.recent ??= new RecentHistory(upTo);
      this.recent.push(entries, upTo);
      this.applyRules(entries);
      return isFirst || entries.length > 0;
    } catch (error) {
      // Nobody can go on there: the followers are told when they ask for themselves.
      if (isUnknownPlace(error)) {
        this.recent = undefined;
        this.courses += 1;
      }
      if (!this.interrupted) this.log.warn({ error }, 'the feed is interrupted, will try again');
      this.interrupted = true;
      return undefined;
    }
  }

  /** A new rule of a workload holds for what has happened before, too: whoever may not read it any more gets none of it from memory. */
  private applyRules(entries: readonly TailEntry[]): void {
    const rules = new Map(
      entries.flatMap(({ stream, readers }) =>
        stream.startsWith(ACCESS) ? [[refOfStream(stream), readers] as const] : [],
      ),
    );
    if (rules.size === 0) return;
    this.recent?.change((entry) => {
      // For administrators is what no rule decides about.
      const readers = entry.readers !== 'administrators' ? rules.get(refOfStream(entry.stream)) : undefined;
      return readers === undefined ? entry : { ...entry, readers };
    });
  }

  private wake(): void {
    for (const wake of this.followers) wake();
  }
}
