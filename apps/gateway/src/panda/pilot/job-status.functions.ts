import { defineFunction, defineLegacy, optional, required } from '../protocol/function.js';

const module = 'pilot';

/** What pilots ask about jobs (PanDA contract 6.7). */
export const jobStatusFunctions = {
  get_job_status: defineFunction({
    module,
    name: 'get_job_status',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { job_ids: required('List[int]'), timeout: optional('untyped', 60) },
    records: [],
    summary: 'Statuses and attempts of jobs',
    data: {
      type: 'array',
      items: {
        type: 'object',
        required: ['job_id', 'status', 'attempt_number'],
        properties: {
          job_id: { type: 'integer' },
          status: { type: 'string' },
          attempt_number: { type: 'integer' },
        },
      },
    },
  }),
};

/** Contract 12. Only status and attempt are told, so that no identity is needed (D26). */
export const getStatusLegacy = {
  getStatus: defineLegacy({
    module,
    name: 'getStatus',
    methods: ['GET', 'POST'],
    access: 'none',
    parameters: {
      ids: required('str', { description: 'PandaIDs, separated by commas' }),
      timeout: optional('untyped', 60),
    },
    records: [],
    summary: 'Statuses and attempts of jobs, joined by `+`',
  }),
};
