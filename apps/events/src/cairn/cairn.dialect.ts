import type { EventsDialect } from '../dialect.js';

/** What all dialects share: people, groups, roles, credentials, revocations, and Cairn's own streams. */
export const cairn: EventsDialect = {
  name: 'cairn',
  projections: [],
  controllers: [],
  providers: [],
  readersOf: () => 'administrators',
};
