import { defineLegacy, optional, required } from '../protocol/function.js';

/** PanDA contract 12. */
export const jobCommandLegacy = {
  setDebugMode: defineLegacy({
    module: 'job',
    name: 'setDebugMode',
    methods: ['POST'],
    access: 'secure',
    refusal: 'text',
    parameters: { pandaID: required('int'), modeOn: optional('bool', false) },
    summary: 'Set the debug mode of a job',
    records: ['JobsAmended'],
  }),
};
