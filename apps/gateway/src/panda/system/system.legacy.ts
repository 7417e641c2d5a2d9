import { defineLegacy } from '../protocol/function.js';

/** PanDA contract 12. */
export const systemLegacy = {
  isAlive: defineLegacy({
    module: 'system',
    name: 'isAlive',
    methods: ['GET', 'POST'],
    access: 'none',
    parameters: {},
    records: [],
    summary: 'Whether the server lives',
  }),
};
