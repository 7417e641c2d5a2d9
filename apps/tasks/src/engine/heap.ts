/** A binary heap: its top is the first of its items. */
export class Heap<Item> {
  private readonly items: Item[] = [];

  constructor(private readonly isBefore: (one: Item, other: Item) => boolean) {}

  get top(): Item | undefined {
    return this.items[0];
  }

  push(item: Item): void {
    this.items.push(item);
    let at = this.items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.belongsBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  /** Restores the order after the top has changed. */
  siftDownTop(): void {
    let at = 0;
    for (;;) {
      let first = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2; child += 1) if (this.belongsBefore(child, first)) first = child;
      if (first === at) return;
      this.swap(at, first);
      at = first;
    }
  }

  dropTop(): void {
    const last = this.items.pop();
    if (last === undefined || this.items.length === 0) return;
    this.items[0] = last;
    this.siftDownTop();
  }

  private belongsBefore(at: number, other: number): boolean {
    const [one, two] = [this.items[at], this.items[other]];
    return one !== undefined && two !== undefined && this.isBefore(one, two);
  }

  private swap(at: number, other: number): void {
    const [one, two] = [this.items[at], this.items[other]];
    if (one === undefined || two === undefined) return;
    this.items[at] = two;
    this.items[other] = one;
  }
}
