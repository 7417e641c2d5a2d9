import { Heap } from './heap.js';
import { compareReady, type ReadyClass, type ReadyEntry, type ReadyUnits } from './ready.js';

interface Known {
  readonly ready: ReadyClass;
  /** The head of the class when it was last looked at. */
  head: ReadyEntry;
}

/**
 * The best ready unit of some classes, for those who ask again and again. While no head rises, those that were seen can only
 * have become worse: then a look at the first of them, and at who takes its place, is enough.
 */
export class ReadyBest {
  private heap = new Heap<Known>(isBetter);
  private seen = Number.NaN;

  constructor(
    private readonly units: ReadyUnits,
    private readonly classes: readonly ReadyClass[],
  ) {}

  find(): ReadyEntry | undefined {
    if (this.seen !== this.units.rises) this.lookAtAll();
    for (let { top } = this.heap; top !== undefined; { top } = this.heap) {
      const head = this.units.head(top.ready);
      if (head?.key === top.head.key && head.priority === top.head.priority) return head;
      if (head === undefined) this.heap.dropTop();
      else {
        top.head = head;
        this.heap.settleTop();
      }
    }
    return undefined;
  }

  private lookAtAll(): void {
    this.heap = new Heap<Known>(isBetter);
    for (const ready of this.classes) {
      const head = this.units.head(ready);
      if (head !== undefined) this.heap.push({ ready, head });
    }
    this.seen = this.units.rises;
  }
}

const isBetter = (one: Known, other: Known): boolean => compareReady(one.head, other.head) < 0;
