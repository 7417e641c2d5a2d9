import { Heap } from './heap.js';
import { compareReady, type ReadyClass, type ReadyEntry, type ReadyUnits } from './ready.js';

interface KnownHead {
  readonly ready: ReadyClass;
  /** The head of the class when it was last looked at. */
  head: ReadyEntry;
}

/**
 * Finds the best ready unit of some classes again and again at little cost. While `headVersion` stays the same, no class has got
 * a better head. It is then enough to check the best known head, and the next ones if it is gone.
 */
export class ReadyBest {
  private heap = new Heap<KnownHead>(isBetter);
  private seenVersion = Number.NaN;

  constructor(
    private readonly units: ReadyUnits,
    private readonly classes: readonly ReadyClass[],
  ) {}

  find(): ReadyEntry | undefined {
    if (this.seenVersion !== this.units.headVersion) this.readAllHeads();
    for (let { top } = this.heap; top !== undefined; { top } = this.heap) {
      const head = this.units.head(top.ready);
      if (head?.key === top.head.key && head.priority === top.head.priority) return head;
      if (head === undefined) this.heap.dropTop();
      else {
        top.head = head;
        this.heap.siftDownTop();
      }
    }
    return undefined;
  }

  private readAllHeads(): void {
    this.heap = new Heap<KnownHead>(isBetter);
    for (const ready of this.classes) {
      const head = this.units.head(ready);
      if (head !== undefined) this.heap.push({ ready, head });
    }
    this.seenVersion = this.units.headVersion;
  }
}

const isBetter = (one: KnownHead, other: KnownHead): boolean => compareReady(one.head, other.head) < 0;
