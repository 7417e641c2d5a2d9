import fc from 'fast-check';
import { ClassIndex, type ClassOrder, isWithin } from './class-index.js';
import type { ReadyClass, ReadyEntry } from './ready.js';
import { ReadyWalk } from './ready-walk.js';

/** A class whose requirements are its amounts. */
const readyClass = (amounts: readonly number[]): ReadyClass => ({
  ...{ workload: 'w', requirements: JSON.stringify(amounts), site: '', label: '', isBlocked: false, isLeased: false },
});

const largestFirst: ClassOrder = {
  amountsOf: ({ requirements }) => JSON.parse(requirements) as number[],
  compare: ([one = 0], [other = 0]) => other - one,
};

const byRank = (one: ReadyEntry, other: ReadyEntry): number => other.priority - one.priority || one.key - other.key;

class Units {
  readonly classes: { readonly ready: ReadyClass; readonly amounts: readonly number[]; entries: ReadyEntry[] }[] = [];
  readonly index = new ClassIndex(largestFirst);
  reads = 0;

  add(amounts: readonly number[], priorities: readonly number[]): void {
    const known = this.classes.reduce((sum, { entries }) => sum + entries.length, 0);
    const entries = priorities.map((priority, at) => ({ key: known + at, priority, id: '' })).sort(byRank);
    this.classes.push({ ready: readyClass(amounts), amounts, entries });
    this.put(this.classes.length - 1);
  }

  /** The head of a class goes, as when its unit is claimed. */
  drop(at: number): void {
    this.classes[at]?.entries.shift();
    this.put(at);
  }

  /** What a claim takes. */
  take(offer: readonly number[], limit: number): number[] {
    const left = [...offer];
    const ready = {
      entries: (of: ReadyClass, after: ReadyEntry | undefined, count: number) => this.read(of, after, count),
    };
    const walk = new ReadyWalk(ready, this.index, { left: () => left, accepts: () => true });
    const keys: number[] = [];
    for (let next = walk.take(); next !== undefined; next = keys.length < limit ? walk.take() : undefined) {
      keys.push(next.entry.key);
      subtract(left, next.amounts);
    }
    return keys.slice(0, limit);
  }

  /** The same by looking at every unit. */
  expected(offer: readonly number[], limit: number): number[] {
    const left = [...offer];
    const all = this.classes.flatMap(({ amounts, entries }) => entries.map((entry) => ({ amounts, entry })));
    all.sort(
      (one, other) =>
        other.entry.priority - one.entry.priority ||
        largestFirst.compare(one.amounts, other.amounts) ||
        byRank(one.entry, other.entry),
    );
    const keys: number[] = [];
    for (const { amounts, entry } of all) {
      if (keys.length === limit) break;
      if (!isWithin(amounts, left)) continue;
      keys.push(entry.key);
      subtract(left, amounts);
    }
    return keys;
  }

  private read(of: ReadyClass, after: ReadyEntry | undefined, count: number): readonly ReadyEntry[] {
    this.reads += 1;
    const entries = this.classes.find(({ ready }) => ready === of)?.entries ?? [];
    const from = after === undefined ? 0 : entries.findIndex(({ key }) => key === after.key) + 1;
    return entries.slice(from, from + count);
  }

  private put(at: number): void {
    const each = this.classes[at];
    if (each === undefined) return;
    this.index.drop(each.ready);
    const [head] = each.entries;
    if (head !== undefined) this.index.put(each.ready, head);
  }
}

const subtract = (left: number[], amounts: readonly number[]): void => {
  for (const [at, amount] of amounts.entries()) left[at] = (left[at] ?? 0) - amount;
};

describe('a walk through ready units', () => {
  it('takes what looking at every unit takes', () => {
    const amount = fc.nat({ max: 6 });
    const classes = fc.array(
      fc.tuple(fc.tuple(amount, amount), fc.array(fc.constantFrom(0, 0, 0, 3), { minLength: 1, maxLength: 3 })),
      { maxLength: 200, size: 'max' },
    );
    const offers = fc.array(fc.tuple(fc.tuple(fc.nat(30), fc.nat(30)), fc.nat(20)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(classes, fc.array(fc.nat(199), { maxLength: 150, size: 'max' }), offers, (added, dropped, asked) => {
        const units = new Units();
        for (const [amounts, priorities] of added) units.add(amounts, priorities);
        for (const at of dropped) units.drop(at);
        for (const [offer, limit] of asked) expect(units.take(offer, limit)).toEqual(units.expected(offer, limit));
      }),
      { numRuns: 60 },
    );
  });

  it('reads no class from which only the head is taken', () => {
    const units = new Units();
    for (let amount = 1; amount <= 1_000; amount += 1) units.add([amount], [0, 0]);
    expect([units.take([500], 1), units.reads]).toEqual([[998], 0]);
  });
});
