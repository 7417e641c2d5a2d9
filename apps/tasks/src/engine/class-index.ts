import type { QueueName } from './policy.js';
import type { ReadyClass, ReadyEntry, ReadyUnits } from './ready.js';

/** What each unit of a class takes of an offer, in a fixed order of the dialect's. */
export type Amounts = readonly number[];

/** How claims of a dialect go through ready classes: by priority, then as `compare` says, then in order of creation. */
export interface ClassOrder {
  amountsOf(ready: ReadyClass): Amounts;
  /** Negative when `one` comes first. */
  compare(one: Amounts, other: Amounts): number;
  /** What tells the older of two units: less is older. By default their keys, which order those of one workload. */
  readonly ageOf?: (head: ReadyEntry) => number;
  readonly ignoresPriority?: true;
}

/** Finds ready classes for the claims of a dialect. It is told of each class that gets another head. */
export interface ReadyIndex {
  /** Gives a class, which has no place, its place by its head. No other class has the same head. */
  put(ready: ReadyClass, head: ReadyEntry): void;
  drop(ready: ReadyClass): void;
}

/** Makes the indexes of one kind: a group of classes has at most one of each. */
export interface IndexKind<Index extends ReadyIndex> {
  /** Unique in the dialect. */
  readonly name: string;
  create(): Index;
}

/** A ready queue whose classes are kept in the orders of claims, those of each group by themselves. */
export interface OrderedReadyUnits extends ReadyUnits {
  /** Classes of a group (`Policy.groupOf`) that have units, and some that no longer have any. */
  classesOf(queue: QueueName, group: string): Iterable<ReadyClass>;
  /** An index that is kept up to date from now on: each claim asks for it again. Making it takes as long as there are classes. */
  inOrder<Index extends ReadyIndex>(
    queue: QueueName,
    group: string,
    kind: IndexKind<Index>,
  ): Generator<void, Index, void>;
}

/** A class at its place in an order. */
export interface RankedClass {
  readonly ready: ReadyClass;
  readonly amounts: Amounts;
  /** The next unit of the class. */
  readonly head: ReadyEntry;
}

/** Most classes of a block. */
const BLOCK_MAX = 64;

/** Consecutive classes of the order, with the least of each amount: an offer below one of them fits no class of the block. */
interface Block {
  readonly classes: RankedClass[];
  least: number[];
}

export const isWithin = (amounts: Amounts, offer: Amounts): boolean =>
  amounts.every((amount, at) => amount <= (offer[at] ?? 0));

/**
 * Ready classes in an order, kept up to date one by one. Classes are in blocks, so that a claim that few classes fit looks at few of
 * them, and a change moves few.
 */
export class ClassIndex implements ReadyIndex {
  private readonly blocks: Block[] = [];
  private readonly ranked = new Map<ReadyClass, RankedClass>();

  constructor(private readonly order: ClassOrder) {}

  put(ready: ReadyClass, head: ReadyEntry): void {
    const ranked = { ready, head, amounts: this.order.amountsOf(ready) };
    this.ranked.set(ready, ranked);
    this.insert(ranked);
  }

  drop(ready: ReadyClass): void {
    const ranked = this.ranked.get(ready);
    if (ranked === undefined) return;
    this.ranked.delete(ready);
    this.remove(ranked);
  }

  /** Negative when `one` comes first. */
  compare(one: RankedClass, other: RankedClass): number {
    const { order } = this;
    const byPriority = order.ignoresPriority === true ? 0 : other.head.priority - one.head.priority;
    if (byPriority !== 0) return byPriority;
    const { ageOf } = order;
    const byAge = ageOf === undefined ? one.head.key - other.head.key : ageOf(one.head) - ageOf(other.head);
    return order.compare(one.amounts, other.amounts) || byAge;
  }

  /** Classes in order, without blocks of which none is within the offer at that moment. */
  *classes(offer: () => Amounts): Generator<RankedClass, void, void> {
    for (const { classes, least } of this.blocks) {
      if (!isWithin(least, offer())) continue;
      for (const ranked of classes) if (isWithin(ranked.amounts, offer())) yield ranked;
    }
  }

  private insert(ranked: RankedClass): void {
    const at = this.blockOf(ranked);
    const block = this.blocks[at];
    if (block === undefined) {
      this.blocks.push({ classes: [ranked], least: [...ranked.amounts] });
      return;
    }
    block.classes.splice(this.placeIn(block, ranked), 0, ranked);
    block.least = block.least.map((least, which) => Math.min(least, ranked.amounts[which] ?? least));
    if (block.classes.length <= BLOCK_MAX) return;
    const second = block.classes.splice(BLOCK_MAX / 2);
    block.least = leastOf(block.classes);
    this.blocks.splice(at + 1, 0, { classes: second, least: leastOf(second) });
  }

  private remove(ranked: RankedClass): void {
    const at = this.blockOf(ranked);
    const block = this.blocks[at];
    if (block === undefined) return;
    block.classes.splice(this.placeIn(block, ranked), 1);
    if (block.classes.length === 0) this.blocks.splice(at, 1);
    // The least amounts change only with a class that has one of them.
    else if (ranked.amounts.some((amount, which) => amount === block.least[which]))
      block.least = leastOf(block.classes);
  }

  /** The block in which a class is or belongs: the last whose first class is not behind it. */
  private blockOf(ranked: RankedClass): number {
    const firstBehind = firstAt(this.blocks.length, (at) => {
      const first = this.blocks[at]?.classes[0];
      return first === undefined || this.compare(ranked, first) < 0;
    });
    return Math.max(0, firstBehind - 1);
  }

  /** The place in its block where a class is or belongs. */
  private placeIn({ classes }: Block, ranked: RankedClass): number {
    return firstAt(classes.length, (at) => {
      const other = classes[at];
      return other === undefined || this.compare(ranked, other) <= 0;
    });
  }
}

const leastOf = (classes: readonly RankedClass[]): number[] => {
  const [first, ...others] = classes;
  const least = [...(first?.amounts ?? [])];
  for (const { amounts } of others)
    for (const [at, amount] of amounts.entries()) least[at] = Math.min(least[at] ?? amount, amount);
  return least;
};

/** The first number below `count` for which the condition holds, if it holds for all later ones; else `count`. */
const firstAt = (count: number, isBehind: (at: number) => boolean): number => {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBehind(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};
