import type { EventsDialect } from '../dialect.js';
import { mentions } from './mentions.js';

export const torc: EventsDialect = {
  name: 'torc',
  workloads: 'work',
  mentions,
  projections: [],
  controllers: [],
  providers: [],
  // Torc has no access rules (contract 2).
  readersOf: () => 'everyone',
};
