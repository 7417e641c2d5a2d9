import { type HistoryCursor, readHistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import { entriesUnder } from '#storage/entries-under.js';
import type { KeyValueEntry, KeyValueStore } from '#storage/key-value-store.js';
import type { SeenEvent } from './delivery-place.js';

const POSITION_DIGITS = 16;
const PART_DIGITS = 10;
/** Behind all parts of the same batch. */
const NO_PART = '9'.repeat(PART_DIGITS);

/** Attempts that have failed since the last one that did not. */
export interface Failing {
  readonly sinceMs: number;
  readonly attempts: number;
  readonly error: string;
  /** When the next attempt is due. */
  readonly nextMs: number;
}

/** How far the sending to a webhook has got. */
export interface Progress {
  /** Text of the cursor behind everything that was sent, given up, or not wanted. */
  readonly cursor: string;
  readonly delivered: number;
  readonly deadLetters: number;
  /** Dead letters that made room for others. */
  readonly dropped: number;
  /** Milliseconds since the Unix epoch: when the target last took an event, or the webhook was registered or resumed. */
  readonly aliveMs: number;
  readonly failing?: Failing;
  /** The last event up to the cursor, or one before it. */
  readonly seen?: SeenEvent;
}

/** An event that was not delivered in time. Its text is in the ledger. */
export interface DeadLetter {
  /** Text of the cursor behind the event. */
  readonly cursor: string;
  readonly event_id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly error: string;
  /** When it was given up: milliseconds since the Unix epoch. */
  readonly dead_ms: number;
}

const sortable = ({ at, part }: HistoryCursor): string =>
  `${String(at).padStart(POSITION_DIGITS, '0')}.${part === undefined ? NO_PART : String(part).padStart(PART_DIGITS, '0')}`;

/** What is kept of the sending to one webhook, in the key-value store. */
export class DeliveryRecord {
  private readonly progressKey: string;
  private readonly deadPrefix: string;

  constructor(
    private readonly keyValueStore: KeyValueStore,
    id: string,
  ) {
    this.progressKey = `webhook-progress/${id}`;
    this.deadPrefix = `webhook-dead/${id}/`;
  }

  async read(): Promise<Progress | undefined> {
    const text = await this.keyValueStore.get(this.progressKey);
    return text === undefined ? undefined : (JSON.parse(text) as Progress);
  }

  /** A power failure may cost the latest: then some events are sent again. */
  save(progress: Progress): Promise<void> {
    return this.keyValueStore.putAll([this.progressEntry(progress)], 'process');
  }

  /** Keeps a dead letter, and the progress behind it, both or none. */
  async bury(letter: DeadLetter, progress: Progress): Promise<void> {
    const entry = { key: this.keyOf(letter.cursor), value: JSON.stringify(letter) };
    await this.keyValueStore.putAll([entry, this.progressEntry(progress)]);
  }

  async dropOldest(): Promise<void> {
    const [oldest] = await this.keyValueStore.list(this.deadPrefix, { limit: 1 });
    if (oldest !== undefined) await this.keyValueStore.delete(oldest.key);
  }

  /** In the order of the history, behind the dead letter at a cursor. */
  async deadLetters(limit: number, after?: HistoryCursor): Promise<readonly DeadLetter[]> {
    const entries = await this.keyValueStore.list(this.deadPrefix, {
      limit,
      ...(after !== undefined && { after: this.deadPrefix + sortable(after) }),
    });
    return entries.map(({ value }) => JSON.parse(value) as DeadLetter);
  }

  async unbury(letter: DeadLetter): Promise<void> {
    await this.keyValueStore.delete(this.keyOf(letter.cursor));
  }

  async forget(): Promise<void> {
    for await (const { key } of entriesUnder(this.keyValueStore, this.deadPrefix)) await this.keyValueStore.delete(key);
    await this.keyValueStore.delete(this.progressKey);
  }

  private progressEntry(progress: Progress): KeyValueEntry {
    return { key: this.progressKey, value: JSON.stringify(progress) };
  }

  private keyOf(cursor: string): string {
    return this.deadPrefix + sortable(readHistoryCursor(cursor) ?? { at: 0 });
  }
}

/** Dead letters of one webhook: the oldest make room for others. */
const DEAD_LETTERS_MAX = 1000;

/** With one more dead letter, or with the oldest dropped for it. */
export const withDeadLetter = (progress: Progress): Progress =>
  progress.deadLetters < DEAD_LETTERS_MAX
    ? { ...progress, deadLetters: progress.deadLetters + 1 }
    : { ...progress, dropped: progress.dropped + 1 };

/** The progress of a webhook to which nothing was sent yet. */
export const progressFrom = (cursor: HistoryCursor, aliveMs: number): Progress => ({
  ...{ cursor: textOfCursor(cursor), delivered: 0, deadLetters: 0, dropped: 0, aliveMs },
});
