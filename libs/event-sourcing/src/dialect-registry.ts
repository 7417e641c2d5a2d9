import type { Dialect } from '#ledger/ref.js';

/**
 * What the dialects of a service do for a question that names anybody's ids: a subject has one controller, which is shared
 * and asks the entries. Each dialect registers its own at the start.
 */
export class DialectRegistry<Entry> {
  private readonly byDialect = new Map<Dialect, Entry>();

  register(dialect: Dialect, entry: Entry): void {
    this.byDialect.set(dialect, entry);
  }

  all(): Iterable<readonly [Dialect, Entry]> {
    return this.byDialect;
  }

  /** The first result of a dialect that has one. */
  first<Result>(resultOf: (entry: Entry) => Result | undefined): Result | undefined {
    for (const entry of this.byDialect.values()) {
      const result = resultOf(entry);
      if (result !== undefined) return result;
    }
    return undefined;
  }
}
