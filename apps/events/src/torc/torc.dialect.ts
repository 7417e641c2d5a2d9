import type { EventsDialect } from '../dialect.js';

export const torc: EventsDialect = {
  name: 'torc',
  workloads: 'work',
  projections: [],
  controllers: [],
  providers: [],
  // Torc has no access rules (contract 2).
  readersOf: () => 'everyone',
};
