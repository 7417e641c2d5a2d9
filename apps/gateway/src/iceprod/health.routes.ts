import { iceprodRoute } from './iceprod-route.js';

/** IceProd contract 20; probes of a platform use `/livez` and `/readyz`. */
export const healthRoutes = {
  get: iceprodRoute({
    name: 'getHealth',
    tag: 'health',
    method: 'GET',
    path: '/healthz',
    policy: 'public',
    summary: 'Whether the services and their stores answer',
    fields: {},
    answer: {
      type: 'object',
      required: ['now', 'num_requests'],
      properties: { now: { type: 'string' }, num_requests: { type: 'integer' } },
    },
    refusals: { 500: 'a service or its store does not answer' },
  }),
};
