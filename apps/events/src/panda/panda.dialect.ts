import { ref, streamName } from '#ledger/ref.js';
import type { EventsDialect } from '../dialect.js';
import { mentions } from './mentions.js';
import { pandaDescriptions } from './description/descriptions.js';
import { originOf } from './origin.js';

export const panda: EventsDialect = {
  name: 'panda',
  workloads: 'work',
  mentions,
  // Nobody is known before there is a VO.
  aroundWorkloads: [streamName('directory', ref('panda', 'main', 'configuration'))],
  projections: [],
  controllers: [],
  providers: [],
  // Whoever has a token may read tasks, jobs, queues and workers. Files of the cache, the operator's document, and whose secrets were changed when,
  // are not to be read by all.
  readersOf: (category) => (category === 'directory' || category === 'credential' ? 'administrators' : 'everyone'),
  nouns: { unit: 'job', group: 'jobset', workload: 'task', worker: 'worker', site: 'queue' },
  descriptions: pandaDescriptions,
  originOf,
};
