import { lenient, path, required } from '../route/fields.js';
import { strings } from '../route/json-types.js';
import { documentOf, iceprodRoute, NOTHING } from './iceprod-route.js';
import { ADMINS, SERVICES } from './policies.js';

const tag = 'access rules';

/** IceProd contract 14. */
export const authRoutes = {
  set: iceprodRoute({
    name: 'setAccessRule',
    tag,
    method: 'PUT',
    path: '/auths/:dataset_id',
    policy: SERVICES,
    summary: 'Sets the access rule of a dataset; lists of users that are left out stay',
    fields: {
      dataset_id: path(),
      read_groups: required(strings, { missing: 'missing read_groups' }),
      write_groups: required(strings, { missing: 'missing write_groups' }),
      read_users: lenient(strings),
      write_users: lenient(strings),
    },
    answer: NOTHING,
    refusals: { 400: 'invalid group name' },
  }),
  get: iceprodRoute({
    name: 'getAccessRule',
    tag,
    method: 'GET',
    path: '/auths/:dataset_id',
    policy: ADMINS,
    summary: 'The access rule of a dataset',
    fields: { dataset_id: path() },
    answer: documentOf('AccessRule'),
    refusals: { 404: 'Dataset not found' },
  }),
};
