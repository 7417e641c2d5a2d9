import type { Page } from '#bus/contract.js';

/**
 * A page travels in one message, and its text should stay below 128 KiB with the last chunk of entries: V8 moves longer texts to
 * where garbage waits for a full collection.
 */
const PAGE_CHARS_MAX = 64 * 1024;

/** A search that finds little gives what it has after this time, long before the deadline of its request. */
const PAGE_MS_MAX = 1000;

/**
 * Collects entries until a page is full. At least one entry goes into a page of large entries; a page may be empty when the
 * next entry is hard to find.
 */
export class PageBuilder<Entry = string> {
  private readonly entries: Entry[] = [];
  private readonly endsAtMs: number;
  private chars = 0;

  constructor(withinMs = PAGE_MS_MAX) {
    this.endsAtMs = performance.now() + withinMs;
  }

  get isFull(): boolean {
    return this.chars >= PAGE_CHARS_MAX || performance.now() >= this.endsAtMs;
  }

  get size(): number {
    return this.entries.length;
  }

  add(entry: Entry, characters: number): void {
    this.entries.push(entry);
    this.chars += characters;
  }

  /** @param next where the next page begins; absent on the last one */
  page(next?: string): Page<Entry> {
    return next === undefined ? { entries: this.entries } : { entries: this.entries, next };
  }
}
