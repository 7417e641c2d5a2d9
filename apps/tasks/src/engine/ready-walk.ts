import { type Amounts, type ClassIndex, isWithin, type RankedClass } from './class-index.js';
import { Heap } from './heap.js';
import type { ReadyEntry, ReadyUnits } from './ready.js';

/** Entries read from a class at first: about what the ready queue has in memory. Later more at a time. */
const CHUNK_MIN = 16;
const CHUNK_MAX = 256;

/** What a walk looks for. */
export interface WalkOffer {
  /** What is left of the offer; it only gets less. */
  readonly left: () => Amounts;
  /** Whether units of a class may be taken, besides their amounts. */
  readonly accepts: (ranked: RankedClass) => boolean;
}

/** A unit that fits. */
export interface Fitting {
  readonly entry: ReadyEntry;
  readonly amounts: Amounts;
}

/** A class of which units were taken. */
interface Opened extends RankedClass {
  head: ReadyEntry;
  /** The entries after the head that have been read. */
  entries: readonly ReadyEntry[];
  at: number;
}

/**
 * Goes through ready units in the order of an index and finds those that fit what is left of an offer. It reads a class only as far as
 * units are taken, so its cost does not depend on the number of ready units.
 */
export class ReadyWalk {
  private readonly opened: Heap<Opened>;
  private readonly unopened: Iterator<RankedClass, void, void>;
  /** The next class of which nothing was taken. */
  private closed: RankedClass | undefined;
  /** The class of the unit that was taken last. Its next unit is read only when another one is asked for. */
  private last: Opened | undefined;

  constructor(
    private readonly units: Pick<ReadyUnits, 'entries'>,
    private readonly index: ClassIndex,
    private readonly offer: WalkOffer,
  ) {
    this.opened = new Heap<Opened>((one, other) => index.compare(one, other) < 0);
    this.unopened = index.classes(offer.left);
    this.advance();
  }

  /** Takes the next unit that fits. */
  take(): Fitting | undefined {
    if (this.last !== undefined) this.reopen(this.last);
    this.last = undefined;
    // What does not fit now will not fit later.
    while (this.opened.top !== undefined && !isWithin(this.opened.top.amounts, this.offer.left()))
      this.opened.dropTop();
    while (this.closed !== undefined && !isWithin(this.closed.amounts, this.offer.left())) this.advance();
    const { closed } = this;
    const { top } = this.opened;
    if (top !== undefined && (closed === undefined || this.index.compare(top, closed) < 0)) {
      this.opened.dropTop();
      this.last = top;
    } else if (closed !== undefined) {
      this.last = { ...closed, entries: [], at: 0 };
      this.advance();
    }
    return this.last === undefined ? undefined : { entry: this.last.head, amounts: this.last.amounts };
  }

  private advance(): void {
    do {
      const step = this.unopened.next();
      this.closed = step.done === true ? undefined : step.value;
    } while (this.closed !== undefined && !this.offer.accepts(this.closed));
  }

  private reopen(opened: Opened): void {
    if (!isWithin(opened.amounts, this.offer.left())) return;
    if (opened.at === opened.entries.length) {
      const size = Math.min(Math.max(2 * opened.entries.length, CHUNK_MIN), CHUNK_MAX);
      opened.entries = this.units.entries(opened.ready, opened.head, size);
      opened.at = 0;
    }
    const next = opened.entries[opened.at];
    if (next === undefined) return;
    opened.at += 1;
    opened.head = next;
    this.opened.push(opened);
  }
}
