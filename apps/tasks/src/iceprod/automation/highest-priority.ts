import type { UnitKey } from '../../engine/unit.js';

/** Sorting costs time, so the list may exceed the limit by so many entries before it is cut. */
const SLACK = 10_000;

/** Finds the units of the highest priority among many. Of two with the same priority, the older one wins. */
export class HighestPriority {
  private entries: { readonly key: UnitKey; readonly priority: number }[] = [];
  private dropped = false;

  constructor(private readonly limit: number) {}

  /** Whether more units were offered than the limit allows. */
  get exceedsLimit(): boolean {
    return this.dropped || this.entries.length > this.limit;
  }

  offer(key: UnitKey, priority: number): void {
    this.entries.push({ key, priority });
    if (this.entries.length > 2 * this.limit + SLACK) this.cut();
  }

  /** In the order of their keys, so that neighbours become ranges. */
  chosen(): readonly UnitKey[] {
    this.cut();
    return this.entries.map(({ key }) => key).sort((a, b) => a - b);
  }

  private cut(): void {
    if (this.entries.length <= this.limit) return;
    this.entries.sort((a, b) => b.priority - a.priority || a.key - b.key);
    this.entries.length = this.limit;
    this.dropped = true;
  }
}
