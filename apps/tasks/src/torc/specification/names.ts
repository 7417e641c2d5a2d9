/** Numbers by name, where a name may have been given more than once. */
export class Names {
  private readonly numbers = new Map<string, number | 'many'>();

  add(name: string, number: number): void {
    this.numbers.set(name, this.numbers.has(name) ? 'many' : number);
  }

  find(name: string): number | 'many' | undefined {
    return this.numbers.get(name);
  }
}
