import type { EventsDialect } from '../dialect.js';
import { mentions } from './mentions.js';

/** What all dialects share: people, groups, roles, credentials, revocations, and Cairn's own streams. */
export const cairn: EventsDialect = {
  name: 'cairn',
  mentions,
  projections: [],
  controllers: [],
  providers: [],
  readersOf: () => 'administrators',
};
