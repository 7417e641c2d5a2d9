import { cairnRoute } from './cairn-route.js';

const tag = 'documentation';

export const docsRoutes = {
  page: cairnRoute({
    name: 'docs',
    tag,
    method: 'GET',
    path: '/docs',
    policy: 'public',
    summary: 'This API as a page to read',
    fields: {},
    contentType: 'text/html; charset=utf-8',
    response: { type: 'string' },
  }),
  document: cairnRoute({
    name: 'openApi',
    tag,
    method: 'GET',
    path: '/openapi.json',
    policy: 'public',
    summary: 'This API as an OpenAPI document',
    fields: {},
    response: { type: 'object' },
  }),
};
