import { defineLegacy, required } from '../protocol/function.js';

const ids = required('str', { description: 'PandaIDs, separated by commas' });

/** Legacy questions about statuses of jobs (PanDA contract 12). */
export const jobStatusLegacy = {
  checkJobStatus: defineLegacy({
    module: 'job',
    name: 'checkJobStatus',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { ids },
    records: [],
    summary: 'Statuses of jobs, with the commands that wait for their pilots',
  }),
};
