import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt, ReplayReply } from '#contracts/cairn/webhooks.js';
import { cloudEvent } from '#contracts/cairn/event-envelope.js';
import { mayBeReadBy } from '#contracts/event-readers.js';
import { isWanted } from '#contracts/event-filter.js';
import type { FeedEntry } from '#contracts/feed.js';
import { type HistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import type { AtMostOfEach } from '#platform/at-most.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { EventAccess } from '../access/event-access.js';
import type { FeedSearch } from '../feed/feed-search.js';
import type { FeedTail } from '../feed/feed-tail.js';
import { cursorIn, type PlacesOfIndex, resumedAt, seenUpTo } from './delivery-place.js';
import { backOffMs, GIVEN_UP_AFTER_MS } from './back-off.js';
import { callerOf } from './change-webhook.js';
import {
  type DeadLetter,
  type DeliveryRecord,
  type Progress,
  progressFrom,
  withDeadLetter,
} from './delivery-record.js';
import type { Webhook } from './webhook-projection.js';
import type { WebhookSender, WebhookTarget } from './webhook-sender.js';

/** Progress over events that are not wanted is kept this often. */
const SAVED_EVERY_MS = 5_000;
/** After a fault of Cairn's own. */
const AGAIN_MS = 5_000;
const REPLAYED_AT_ONCE = 100;
const REPLAYED_WITHIN_MS = 20_000;
/** The answer of a target that exists no more. */
const GONE = 410;

/** What deliveries of all webhooks share. */
export interface DeliveryParts {
  readonly ledger: Ledger;
  readonly index: PlacesOfIndex;
  readonly access: EventAccess;
  readonly search: FeedSearch;
  readonly tail: FeedTail;
  readonly sender: WebhookSender;
  /** Bounds what the webhooks of one owner take from all others: how many read what they have missed, and how many are being sent to. */
  readonly reading: AtMostOfEach;
  readonly sending: AtMostOfEach;
  readonly log: Log;
  /** The webhook as it is now; undefined when it was deleted. */
  readonly webhook: (id: string) => Webhook | undefined;
  readonly target: (id: string) => Promise<WebhookTarget | undefined>;
  /** The target has said that it exists no more. */
  readonly gone: (id: string) => Promise<void>;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly timeMs: number;
}

/** What is needed of the envelope. */
const eventIn = ({ stream, type, text }: FeedEntry): Event => {
  const { id, revision, time } = JSON.parse(text) as {
    readonly id: string;
    readonly revision: number;
    readonly time: string;
  };
  return { id, type, stream, revision, timeMs: Date.parse(time) };
};

/**
 * Sends the events of the history to one webhook, one after the other: the next one when the target has taken the one before, or when that was given
 * up. What is sent and not noted yet when Cairn dies is sent again, with the same id.
 */
export class WebhookDelivery {
  private running: Promise<void> | undefined;
  private stopping = new AbortController();
  /** Whether everything that has happened was looked at, so that the next events come as they happen. */
  private isAtEnd = false;
  /** Whether the cursor is one of the ledger of now. */
  private isOfThisLedger = false;
  private savedMs = 0;

  private constructor(
    private readonly id: string,
    private readonly record: DeliveryRecord,
    private readonly parts: DeliveryParts,
    private current: Progress,
  ) {}

  static async open(webhook: Webhook, record: DeliveryRecord, parts: DeliveryParts): Promise<WebhookDelivery> {
    const { webhook_id: id, after } = webhook.registered;
    const start = cursorIn(after);
    const progress = (await record.read()) ?? progressFrom(start, Math.floor(webhook.createdMicros / 1000));
    return new WebhookDelivery(id, record, parts, progress);
  }

  get progress(): Progress {
    return this.current;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    if (this.isRunning) return;
    this.stopping = new AbortController();
    this.running = this.run(this.stopping.signal).finally(() => (this.running = undefined));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Attempts begin anew, and the day in which events must be delivered. */
  async revive(): Promise<void> {
    const { cursor, delivered, deadLetters, dropped } = this.current;
    await this.save({ cursor, delivered, deadLetters, dropped, aliveMs: Date.now() });
  }

  deadLetters(limit: number, after?: HistoryCursor): Promise<readonly DeadLetter[]> {
    return this.record.deadLetters(limit, after);
  }

  /** Sends dead letters once more, until one fails. */
  async replay(): Promise<ReplayReply> {
    const endsMs = Date.now() + REPLAYED_WITHIN_MS;
    let delivered = 0;
    for (const letter of await this.record.deadLetters(REPLAYED_AT_ONCE)) {
      if (Date.now() > endsMs) break;
      const { error } = await this.resend(letter);
      if (error !== undefined) return { delivered, left: this.current.deadLetters, error };
      await this.record.unbury(letter);
      const { current } = this;
      await this.save({
        ...current,
        deadLetters: Math.max(0, current.deadLetters - 1),
        delivered: current.delivered + 1,
      });
      delivered += 1;
    }
    return { delivered, left: this.current.deadLetters };
  }

  /** One request, whatever becomes of it. */
  async send(id: string, text: string, stop?: AbortSignal): Promise<Attempt> {
    const target = await this.parts.target(this.id);
    if (target === undefined) return { error: 'the URL and key were lost; register the webhook again' };
    return this.parts.sender.send(target, { id, text }, stop);
  }

  private async resend({ stream, revision, cursor, event_id: id }: DeadLetter): Promise<Attempt> {
    const webhook = this.parts.webhook(this.id);
    const [event] = await this.parts.ledger.readStream(stream, { from: revision, limit: 1 });
    // What its owner may not read any more is no loss to him.
    if (webhook === undefined || event === undefined || !this.mayRead(stream, webhook)) return {};
    return this.send(id, cloudEvent(event, cursor));
  }

  private async run(stop: AbortSignal): Promise<void> {
    this.isAtEnd = false;
    this.isOfThisLedger = false;
    const isStopped = (): boolean => stop.aborted;
    while (!stop.aborted) {
      try {
        await this.findPlace();
        await this.step(stop);
      } catch (error) {
        if (isStopped()) break;
        // The index is being rebuilt, or the ledger is away.
        const isExpected = error instanceof DomainError && error.kind === 'unavailable';
        if (!isExpected) this.parts.log.error({ error, webhook: this.id }, 'events cannot be sent to a webhook');
        await rest(AGAIN_MS, stop);
      }
    }
    await this.save(this.current);
  }

  /** The ledger may be another one than before, or an older one that was restored. */
  private async findPlace(): Promise<void> {
    if (this.isOfThisLedger) return;
    const { index, ledger, log } = this.parts;
    const cursor = await resumedAt(index, ledger, this.current);
    this.isOfThisLedger = true;
    if (cursor === this.current.cursor) return;
    log.warn(
      { webhook: this.id, before: this.current.cursor, cursor },
      'a webhook goes on elsewhere, the ledger has changed',
    );
    await this.save({ ...this.current, cursor });
  }

  /** Looks at the next events of the history. */
  private async step(stop: AbortSignal): Promise<void> {
    const webhook = this.parts.webhook(this.id);
    if (webhook?.status !== 'active') {
      this.stopping.abort();
      return;
    }
    const { about } = webhook.registered;
    const after = cursorIn(this.current.cursor);
    const { search, tail, reading } = this.parts;
    const { entries, upTo } = this.isAtEnd
      ? await tail.page(after)
      : await reading.run(webhook.owner.username, () => search.behind(after, about), stop);
    if (entries.length === 0) this.isAtEnd = true;
    for (const { entry, place, entities } of entries) {
      if (stop.aborted) return;
      const { stream } = entry;
      const cursor = textOfCursor(place);
      const isForIt = isWanted({ ...entry, entities }, about) && this.mayRead(stream, webhook);
      if (isForIt && !(await this.deliver(entry, cursor, stop))) return;
      await this.advance(cursor);
    }
    await this.advance(textOfCursor(upTo));
  }

  private mayRead(stream: string, { owner }: Webhook): boolean {
    return mayBeReadBy(this.parts.access.readersOf(stream), callerOf(owner));
  }

  /**
   * Whether the event is done with: delivered, given up, or not to be read any more. Otherwise the sending has to stop.
   *
   * @param cursor text of the one behind the event
   */
  private async deliver(entry: FeedEntry, cursor: string, stop: AbortSignal): Promise<boolean> {
    const event = eventIn(entry);
    const isStopped = (): boolean => stop.aborted;
    for (;;) {
      const { failing } = this.current;
      if (failing !== undefined) {
        this.isAtEnd = false;
        await rest(failing.nextMs - Date.now(), stop);
      }
      const webhook = this.parts.webhook(this.id);
      if (isStopped() || webhook?.status !== 'active') return false;
      if (!this.mayRead(event.stream, webhook)) {
        // The rule has changed between two attempts.
        await this.skip(cursor);
        return true;
      }
      const { error, status } = await this.parts.sending.run(
        webhook.owner.username,
        () => this.send(event.id, entry.text, stop),
        stop,
      );
      // What was delivered is noted even then, so that it is not sent again.
      if (error !== undefined && isStopped()) return false;
      const { failing: before, ...progress } = this.current;
      if (error === undefined) {
        const delivered = progress.delivered + 1;
        await this.save({ ...progress, cursor, delivered, aliveMs: Date.now() });
        return true;
      }
      const now = Date.now();
      const attempts = (before?.attempts ?? 0) + 1;
      const nextMs = now + backOffMs(attempts, Math.random());
      const after = { ...progress, failing: { sinceMs: before?.sinceMs ?? now, attempts, error, nextMs } };
      if (before === undefined) this.parts.log.warn({ webhook: this.id, error }, 'a webhook does not take events');
      if (status === GONE) {
        await this.save(after);
        await this.parts.gone(this.id);
        return false;
      }
      if (now - Math.max(event.timeMs, progress.aliveMs) < GIVEN_UP_AFTER_MS) {
        await this.save(after);
        continue;
      }
      const { id: event_id, type, stream, revision } = event;
      const letter = { cursor, event_id, type, stream, revision, error, dead_ms: now };
      await this.bury(letter, after);
      return true;
    }
  }

  /** Notes that everything up to a place is done with, in memory at once, and in the store now and then. */
  private async advance(cursor: string): Promise<void> {
    this.current = { ...this.current, cursor };
    if (Date.now() - this.savedMs > SAVED_EVERY_MS) await this.save(this.current);
  }

  /** Passes over an event that was being tried. */
  private async skip(cursor: string): Promise<void> {
    const { delivered, deadLetters, dropped, aliveMs } = this.current;
    await this.save({ cursor, delivered, deadLetters, dropped, aliveMs });
  }

  private async bury(letter: DeadLetter, progress: Progress): Promise<void> {
    const buried = await this.withSeen(withDeadLetter({ ...progress, cursor: letter.cursor }));
    if (buried.dropped > progress.dropped) await this.record.dropOldest();
    // It is behind the event only when the letter is kept: else it is tried again.
    await this.record.bury(letter, buried);
    this.current = buried;
  }

  private async save(progress: Progress): Promise<void> {
    const { seen: known } = this.current;
    // At once: another change of it may come while the ledger is read.
    this.current = { ...progress, ...(known !== undefined && { seen: known }) };
    this.savedMs = Date.now();
    const { seen } = await this.withSeen(progress);
    if (seen !== undefined) this.current = { ...this.current, seen };
    await this.record.save(this.current);
  }

  /** As long as the cursor may be one of another ledger, it names no event of this one. */
  private async withSeen(progress: Progress): Promise<Progress> {
    const { seen: known } = this.current;
    const { index, ledger } = this.parts;
    const seen = (this.isOfThisLedger ? await seenUpTo(index, ledger, progress.cursor) : undefined) ?? known;
    return { ...progress, ...(seen !== undefined && { seen }) };
  }
}

/** Waits, unless it has to stop. */
const rest = (ms: number, stop: AbortSignal): Promise<void> =>
  sleep(Math.max(0, ms), undefined, { signal: stop, ref: false }).catch(() => undefined);
