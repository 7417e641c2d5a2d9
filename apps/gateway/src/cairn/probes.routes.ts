import { cairnRoute } from './cairn-route.js';

const tag = 'operation';

export const probeRoutes = {
  livez: cairnRoute({
    name: 'livez',
    tag,
    method: 'GET',
    path: '/livez',
    policy: 'public',
    summary: 'The process runs',
    fields: {},
    response: { type: 'object' },
  }),
  readyz: cairnRoute({
    name: 'readyz',
    tag,
    method: 'GET',
    path: '/readyz',
    policy: 'public',
    summary: 'The process can serve; 503 when a check fails, which is named',
    fields: {},
    response: {
      type: 'object',
      properties: { ready: { type: 'boolean' }, checks: { type: 'object', additionalProperties: { type: 'string' } } },
    },
  }),
  metrics: cairnRoute({
    name: 'metrics',
    tag,
    method: 'GET',
    path: '/metrics',
    policy: 'public',
    summary: 'What the process measures, in the form of Prometheus',
    fields: {},
    contentType: 'text/plain',
    response: { type: 'string' },
  }),
};
