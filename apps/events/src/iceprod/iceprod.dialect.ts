import type { StreamCategory } from '#ledger/ref.js';
import type { EventsDialect, Readers } from '../dialect.js';
import { mentions } from './mentions.js';
import { iceprodDescriptions } from './description/descriptions.js';
import { originOf } from './origin.js';

/** IceProd's rules protect datasets. Pilots, grids and requests are for administrators, as are logs of no dataset (contract 2.3). */
const readersOf = (category: StreamCategory, namespace: string): Readers => {
  const isOfDataset = category === 'workload' || category === 'work' || category === 'access';
  return isOfDataset && namespace === 'main' ? 'rule' : 'administrators';
};

export const iceprod: EventsDialect = {
  name: 'iceprod',
  workloads: 'workload',
  mentions,
  projections: [],
  controllers: [],
  providers: [],
  readersOf,
  nouns: { unit: 'task', group: 'job', workload: 'dataset', worker: 'pilot', site: 'grid' },
  descriptions: iceprodDescriptions,
  originOf,
};
