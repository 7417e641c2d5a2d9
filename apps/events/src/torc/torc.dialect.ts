import { partsOfId } from '#contracts/torc/ids.js';
import { ref, streamName } from '#ledger/ref.js';
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
  // The number of a document is its key, unless the caller chose one.
  documentOf: (id) => {
    const parts = partsOfId(id);
    if (parts === undefined || !/^[1-9]\d{0,14}$/.test(parts.key)) return undefined;
    return { stream: streamName('work', ref('torc', 'main', parts.workflow)), ordinal: Number(parts.key) };
  },
};
