import { compareReady, type ReadyClass, type ReadyEntry, type ReadyUnits } from './ready.js';

/** Entries read from a class at a time. */
const CHUNK_MAX = 256;

interface Source {
  readonly ready: ReadyClass;
  entries: readonly ReadyEntry[];
  at: number;
}

/** Ready units of several classes in one order, read only as far as they are taken. */
export class ReadyHeap {
  private readonly heap: Source[] = [];
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
      // The head is known without a look at the index; most classes are never asked for more.
      const head = priority === undefined ? units.head(ready) : units.entries(ready, undefined, 1, priority)[0];
      if (head !== undefined) this.push({ ready, entries: [head], at: 0 });
    }
  }

  next(): ReadyEntry | undefined {
    const [top] = this.heap;
    const entry = top?.entries[top.at];
    if (top === undefined || entry === undefined) return undefined;
    top.at += 1;
    if (top.at >= top.entries.length) {
      top.entries = this.units.entries(top.ready, entry, this.chunk, this.priority);
      top.at = 0;
    }
    if (top.entries.length === 0) this.removeTop();
    else this.sink(0);
    return entry;
  }

  private push(source: Source): void {
    this.heap.push(source);
    let at = this.heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private removeTop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private sink(from: number): void {
    let at = from;
    for (;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (this.isBefore(child, first)) first = child;
      if (first === at) return;
      this.swap(at, first);
      at = first;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [one, other] = [this.entryOf(a), this.entryOf(b)];
    return one !== undefined && other !== undefined && compareReady(one, other) < 0;
  }

  private entryOf(at: number): ReadyEntry | undefined {
    const source = this.heap[at];
    return source?.entries[source.at];
  }

  private swap(a: number, b: number): void {
    const [one, other] = [this.heap[a], this.heap[b]];
    if (one === undefined || other === undefined) return;
    this.heap[a] = other;
    this.heap[b] = one;
  }
}
