import type { RawTable } from '../protocol/function.js';

/** PanDA contract 7.8. */
export const queueDocumentsRaw = {
  queueData: {
    methods: ['GET'],
    path: '/cache/schedconfig/:queue.all.json',
    summary: 'The description of a queue; of `schedconfig` those of all queues by name',
  },
  queueByName: {
    methods: ['GET'],
    path: '/cache/schedconfig/:queue.json',
    summary: 'The description of a queue by its name; of `pandaqueues` those of all queues',
  },
  storages: { methods: ['GET'], path: '/cache/ddmendpoints.json', summary: 'The descriptions of storages by name' },
} as const satisfies RawTable;
