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
    response: {
      type: 'object',
      required: ['now', 'num_requests', 'start_time', 'last_run_time', 'last_success_time'],
      properties: {
        now: { type: 'string' },
        num_requests: { type: 'integer', description: 'requests of /actions that are queued' },
        start_time: { type: 'string', description: 'when the service of credentials started' },
        last_run_time: { type: 'string', description: 'when it last tried to refresh a token; empty before' },
        last_success_time: { type: 'string', description: 'when it last refreshed a token; empty before' },
      },
    },
    errors: { 500: 'a service or its store does not answer' },
  }),
};
