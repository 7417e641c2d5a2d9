/** Number of a document or job of a specification, in order of creation. */
export type Slot = number;

/** Numbers by name, where a name may have been given more than once. */
export class Names {
  private readonly numbers = new Map<string, Slot | 'many'>();

  add(name: string, number: Slot): void {
    this.numbers.set(name, this.numbers.has(name) ? 'many' : number);
  }

  get size(): number {
    return this.numbers.size;
  }

  /** Each name once. */
  all(): Iterable<string> {
    return this.numbers.keys();
  }

  find(name: string): Slot | 'many' | undefined {
    return this.numbers.get(name);
  }
}
