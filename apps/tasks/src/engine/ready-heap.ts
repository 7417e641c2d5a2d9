import { Heap } from './heap.js';
import { compareReady, type ReadyClass, type ReadyEntry, type ReadyUnits } from './ready.js';

/** Entries read from a class at a time. */
const CHUNK_MAX = 256;

interface Source {
  readonly ready: ReadyClass;
  /** The next entry of the class. */
  entry: ReadyEntry;
  /** The entries after it that have been read. */
  entries: readonly ReadyEntry[];
  at: number;
}

/** Merges the ready units of several classes into one order. It reads only as many as are taken. */
export class ReadyHeap {
  private readonly heap = new Heap<Source>((one, other) => compareReady(one.entry, other.entry) < 0);
  private readonly chunk: number;

  /** @param priority leaves only entries of that priority */
  constructor(
    private readonly units: ReadyUnits,
    classes: readonly ReadyClass[],
    wanted: number,
    private readonly priority?: number,
  ) {
    this.chunk = Math.max(1, Math.min(wanted, CHUNK_MAX));
    for (const ready of classes) {
      // The head is cached. Of most classes nothing else is needed.
      const entry = priority === undefined ? units.head(ready) : units.entries(ready, undefined, 1, priority)[0];
      if (entry !== undefined) this.heap.push({ ready, entry, entries: [], at: 0 });
    }
  }

  next(): ReadyEntry | undefined {
    const { top } = this.heap;
    if (top === undefined) return undefined;
    const { entry } = top;
    if (top.at === top.entries.length) {
      top.entries = this.units.entries(top.ready, entry, this.chunk, this.priority);
      top.at = 0;
    }
    const following = top.entries[top.at];
    top.at += 1;
    if (following === undefined) this.heap.dropTop();
    else {
      top.entry = following;
      this.heap.siftDownTop();
    }
    return entry;
  }
}
