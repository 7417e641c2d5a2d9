/**
 * A bounded map that drops what was not used lately. It keeps two generations, so that each call costs one or two look-ups: a map from which the
 * oldest entry is deleted with each new one takes longer and longer to find it.
 */
export class RecentMap<Value, Key = string> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();

  /** @param max entries at most; the latest half of them is never dropped */
  constructor(private readonly max: number) {}

  get(key: Key): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const aged = this.old.get(key);
    if (aged !== undefined) this.set(key, aged);
    return aged;
  }

  set(key: Key, value: Value): void {
    if (this.young.size >= this.max / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  delete(key: Key): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
