import type { UnitKey } from '../../engine/unit.js';

/** Choosing is worth its cost when so many more are there than are wanted. */
const SLACK = 10_000;

/** Finds the units of the highest priority among many, the older first of two that are equal. */
export class Best {
  private entries: { readonly key: UnitKey; readonly priority: number }[] = [];
  private dropped = false;

  constructor(private readonly limit: number) {}

  /** Whether some did not fit. */
  get isShort(): boolean {
    return this.dropped || this.entries.length > this.limit;
  }

  offer(key: UnitKey, priority: number): void {
    this.entries.push({ key, priority });
    if (this.entries.length > 2 * this.limit + SLACK) this.choose();
  }

  /** In the order of their keys: neighbours become ranges. */
  chosen(): readonly UnitKey[] {
    this.choose();
    return this.entries.map(({ key }) => key).sort((a, b) => a - b);
  }

  private choose(): void {
    if (this.entries.length <= this.limit) return;
    this.entries.sort((a, b) => b.priority - a.priority || a.key - b.key);
    this.entries.length = this.limit;
    this.dropped = true;
  }
}
