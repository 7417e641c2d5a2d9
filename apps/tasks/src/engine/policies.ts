import type { Dialect } from '#ledger/ref.js';
import type { Policy } from './policy.js';

/** The policies of all dialects whose units are in the engine's tables. */
export class Policies {
  constructor(private readonly byDialect: Readonly<Partial<Record<Dialect, Policy>>>) {}

  get dialects(): readonly Dialect[] {
    return Object.keys(this.byDialect) as Dialect[];
  }

  /** Types of the dialects' own events that add or change units. */
  get eventTypes(): readonly string[] {
    const types = Object.values(this.byDialect).flatMap(({ eventTypes, adds = {} }) => [
      ...eventTypes,
      ...Object.keys(adds),
    ]);
    return [...new Set(types)];
  }

  of(dialect: Dialect): Policy {
    const policy = this.byDialect[dialect];
    if (policy === undefined) throw new Error(`No policy for the dialect ${dialect}`);
    return policy;
  }
}
