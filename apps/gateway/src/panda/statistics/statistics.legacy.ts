import { defineLegacy } from '../protocol/function.js';

/** PanDA contract 12. */
export const statisticsLegacy = {
  getJobStatisticsPerSite: defineLegacy({
    module: 'statistics',
    name: 'getJobStatisticsPerSite',
    methods: ['GET', 'POST'],
    access: 'none',
    parameters: {},
    records: [],
    summary: 'Numbers of jobs that are not final, by queue and status, as a Python pickle',
  }),
};
