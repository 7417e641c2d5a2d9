import { path } from '../route/fields.js';
import { cairnRoute } from './cairn-route.js';

const tag = 'documentation';

export const docsRoutes = {
  page: cairnRoute({
    name: 'docs',
    tag,
    method: 'GET',
    path: '/docs',
    policy: 'public',
    summary: 'This page',
    fields: {},
    contentType: 'text/html; charset=utf-8',
    answer: { type: 'string' },
  }),
  file: cairnRoute({
    name: 'docsFile',
    tag,
    method: 'GET',
    path: '/docs/:file',
    policy: 'public',
    summary: 'Parts of the page',
    fields: { file: path() },
    contentType: 'application/octet-stream',
    answer: { type: 'string' },
    refusals: { 404: 'no such part' },
  }),
  document: cairnRoute({
    name: 'openApi',
    tag,
    method: 'GET',
    path: '/openapi.json',
    policy: 'public',
    summary: 'This API as an OpenAPI document',
    fields: {},
    answer: { type: 'object' },
  }),
};
