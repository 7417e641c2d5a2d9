import type { Queue } from '#contracts/panda/queues.js';

/** A queue that takes everything. */
export const someQueue = (fields: Partial<Queue> = {}): Queue => ({
  name: 'LOCAL',
  document: '{}',
  status: 'online',
  state: 'ACTIVE',
  type: 'unified',
  capability: 'ucore',
  cloud: 'WORLD',
  site: fields.name ?? 'LOCAL',
  cores: 1,
  maxrss: 0,
  minrss: 0,
  meanrss: 0,
  maxwdir: 0,
  maxtime: 0,
  mintime: 0,
  workflow: 'pull',
  harvester: '',
  ...fields,
});
