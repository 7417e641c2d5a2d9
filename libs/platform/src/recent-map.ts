/**
 * A bounded map that drops what was not used lately. It keeps two generations, so that each call costs one or two look-ups: a map from which the
 * oldest entry is deleted with each new one takes longer and longer to find it.
 */
export class RecentMap<Value, Key = string> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();
  private youngWeight = 0;

  /**
   * @param max what all entries weigh at most, besides one of them; the latest half is never dropped
   * @param weightOf by default each weighs 1
   */
  constructor(
    private readonly max: number,
    private readonly weightOf: (value: Value) => number = () => 1,
  ) {}

  get(key: Key): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const aged = this.old.get(key);
    if (aged !== undefined) this.set(key, aged);
    return aged;
  }

  set(key: Key, value: Value): void {
    if (this.youngWeight >= this.max / 2) {
      this.old = this.young;
      this.young = new Map();
      this.youngWeight = 0;
    }
    this.youngWeight += this.weightOf(value) - this.weightIn(key);
    this.young.set(key, value);
  }

  delete(key: Key): void {
    this.youngWeight -= this.weightIn(key);
    this.young.delete(key);
    this.old.delete(key);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
    this.youngWeight = 0;
  }

  private weightIn(key: Key): number {
    const known = this.young.get(key);
    return known === undefined ? 0 : this.weightOf(known);
  }
}
