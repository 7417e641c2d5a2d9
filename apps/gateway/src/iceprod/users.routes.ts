import { textParameter } from '../route/fields.js';
import { documentOf, iceprodRoute } from './iceprod-route.js';
import { SERVICES } from './policies.js';

/** IceProd contract 13. */
export const userRoutes = {
  list: iceprodRoute({
    name: 'listUsers',
    tag: 'users',
    method: 'GET',
    path: '/users',
    policy: SERVICES,
    summary: 'Users that have a record',
    fields: { username: textParameter('username', 'only the user of this name') },
    answer: {
      type: 'object',
      required: ['results'],
      properties: { results: { type: 'array', items: documentOf('User') } },
    },
  }),
};
