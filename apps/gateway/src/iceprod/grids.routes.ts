import { bodyWith } from '../route/body-with.js';
import { optional, path, required, wholeBody } from '../route/fields.js';
import { bool, dict, str } from '../route/json-types.js';
import { documentOf, documentsById, iceprodRoute, RESULT } from './iceprod-route.js';
import { SERVICES } from './policies.js';

const tag = 'grids';

/** IceProd contract 11. */
export const gridRoutes = {
  list: iceprodRoute({
    name: 'listGrids',
    tag,
    method: 'GET',
    path: '/grids',
    policy: SERVICES,
    summary: 'Grids, by id',
    fields: {},
    response: documentsById('Grid'),
  }),
  register: iceprodRoute({
    name: 'registerGrid',
    tag,
    method: 'POST',
    path: '/grids',
    policy: SERVICES,
    summary: 'Registers a grid; further members are kept',
    fields: {
      description: bodyWith({
        host: required(str),
        queues: required(dict),
        version: required(str),
        debug: optional(bool),
      }),
    },
    status: 201,
    response: RESULT,
  }),
  get: iceprodRoute({
    name: 'getGrid',
    tag,
    method: 'GET',
    path: '/grids/:grid_id',
    policy: SERVICES,
    summary: 'One grid',
    fields: { grid_id: path() },
    response: documentOf('Grid'),
    errors: { 404: 'Grid not found' },
  }),
  update: iceprodRoute({
    name: 'updateGrid',
    tag,
    method: 'PATCH',
    path: '/grids/:grid_id',
    policy: SERVICES,
    summary:
      'Merges any fields, dotted names set nested ones, and renews last_update; returns the grid after the change',
    fields: { grid_id: path(), fields: wholeBody() },
    body: { empty: 'Missing update data' },
    response: documentOf('Grid'),
    errors: { 404: 'Grid not found' },
  }),
};
