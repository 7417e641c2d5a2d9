import type { EventsDialect } from '../dialect.js';
import { mentions } from './mentions.js';
import { torcDescriptions } from './description/descriptions.js';

export const torc: EventsDialect = {
  name: 'torc',
  workloads: 'work',
  mentions,
  projections: [],
  controllers: [],
  providers: [],
  // Torc has no access rules (contract 2): they are Cairn's addition.
  readersOf: () => 'rule-if-any',
  nouns: { unit: 'job', group: 'group', workload: 'workflow', worker: 'worker', site: 'site' },
  descriptions: torcDescriptions,
};
