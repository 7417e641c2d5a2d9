import type { EventsDialect } from '../dialect.js';
import { mentions } from './mentions.js';
import { cairnDescriptions } from './description/descriptions.js';

/** What all dialects share: people, groups, roles, credentials, revocations, and Cairn's own streams. */
export const cairn: EventsDialect = {
  name: 'cairn',
  mentions,
  projections: [],
  controllers: [],
  providers: [],
  readersOf: () => 'administrators',
  nouns: { unit: 'unit', group: 'group', workload: 'workload', worker: 'worker', site: 'site' },
  descriptions: cairnDescriptions,
};
