import { isBehind, type SeenPlace } from './history-cursor.js';

/** Bounds of what is kept. */
const ENTRIES_MAX = 8192;
const CHARACTERS_MAX = 16 * 1024 * 1024;

/** How much is handed out at a time. */
const PAGE_ENTRIES_MAX = 512;
const PAGE_CHARACTERS_MAX = 256 * 1024;

export interface RecentEntry {
  /** Behind the event. */
  readonly place: SeenPlace;
  /** How much memory it takes, roughly. */
  readonly characters: number;
}

export interface RecentPage<Entry> {
  readonly entries: readonly Entry[];
  /** Go on behind this. */
  readonly upTo: SeenPlace;
}

/** The end of the history, in memory and without a gap, for those who follow it. */
export class RecentHistory<Entry extends RecentEntry> {
  private entries: Entry[] = [];
  private characters = 0;
  private last: SeenPlace;

  /** @param start where what is kept begins: just behind it */
  constructor(private start: SeenPlace) {
    this.last = start;
  }

  /** Everything up to here has been here. */
  get end(): SeenPlace {
    return this.last;
  }

  /** Takes what follows {@link end}. */
  push(entries: readonly Entry[], upTo: SeenPlace): void {
    for (const entry of entries) {
      this.entries.push(entry);
      this.characters += entry.characters;
    }
    this.last = upTo;
    // Halved at once rather than one by one: shifting an array costs its length.
    while (this.entries.length > ENTRIES_MAX || (this.characters > CHARACTERS_MAX && this.entries.length > 1))
      this.halve();
  }

  /** Puts other entries in the places of those that are kept. */
  change(changed: (entry: Entry) => Entry): void {
    this.entries = this.entries.map(changed);
  }

  /** What is behind a place, or the first part of it; undefined when what follows the place is not here. */
  behind(after: SeenPlace): RecentPage<Entry> | undefined {
    if (isBehind(this.start, after) || isBehind(after, this.last)) return undefined;
    const first = this.indexBehind(after);
    let characters = 0;
    let next = first;
    while (next < this.entries.length && next - first < PAGE_ENTRIES_MAX && characters < PAGE_CHARACTERS_MAX) {
      characters += this.entries[next]?.characters ?? 0;
      next += 1;
    }
    const entries = this.entries.slice(first, next);
    return { entries, upTo: next < this.entries.length ? (entries.at(-1)?.place ?? after) : this.last };
  }

  private indexBehind(after: SeenPlace): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry !== undefined && isBehind(entry.place, after)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private halve(): void {
    const forgotten = Math.ceil(this.entries.length / 2);
    this.start = this.entries[forgotten - 1]?.place ?? this.start;
    this.entries = this.entries.slice(forgotten);
    this.characters = this.entries.reduce((sum, { characters }) => sum + characters, 0);
  }
}
