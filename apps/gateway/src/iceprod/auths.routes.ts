import { constant, lenient, path, required } from '../route/fields.js';
import type { Field } from '../route/field.js';
import { invalid } from '../route/request-source.js';
import { str, strings } from '../route/json-types.js';
import { documentOf, iceprodRoute, EMPTY_OBJECT } from './iceprod-route.js';
import { ADMINS, ANY_TOKEN, SERVICES } from './policies.js';

const tag = 'access rules';

/** Every action but those that have a route of their own. */
const unknownAction: Field<never, 'always'> = {
  from: 'path',
  required: true,
  schema: { type: 'string' },
  read: () => {
    throw invalid('invalid action');
  },
};

const ownAccessRoute = <const Action extends 'read' | 'write'>(action: Action, name: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'GET',
    path: `/auths/:dataset_id/actions/${action}`,
    policy: ANY_TOKEN,
    summary: `Whether the caller may ${action} a dataset`,
    fields: { dataset_id: path(), action: constant(action) },
    response: EMPTY_OBJECT,
    errors: { 403: 'Dataset not found; Action not found; Denied' },
  });

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
    response: EMPTY_OBJECT,
    errors: { 400: 'invalid group name' },
  }),
  get: iceprodRoute({
    name: 'getAccessRule',
    tag,
    method: 'GET',
    path: '/auths/:dataset_id',
    policy: ADMINS,
    summary: 'The access rule of a dataset',
    fields: { dataset_id: path() },
    response: documentOf('AccessRule'),
    errors: { 404: 'Dataset not found' },
  }),
  check: iceprodRoute({
    name: 'checkAccess',
    tag,
    method: 'POST',
    path: '/auths',
    policy: SERVICES,
    summary: 'Checks whether a user with these groups may read or write a dataset',
    fields: {
      name: required(str),
      value: required(str),
      role: required(str),
      username: required(str),
      groups: required(strings),
    },
    response: EMPTY_OBJECT,
    errors: { 403: 'attr not found; role not found' },
  }),
  rejectUnknownAction: iceprodRoute({
    name: 'rejectUnknownAction',
    tag,
    method: 'GET',
    path: '/auths/:dataset_id/actions/:action',
    policy: ANY_TOKEN,
    summary: 'Refuses an action that is neither read nor write',
    undocumented: true,
    fields: { action: unknownAction },
    response: EMPTY_OBJECT,
  }),
  checkOwnReadAccess: ownAccessRoute('read', 'checkOwnReadAccess'),
  checkOwnWriteAccess: ownAccessRoute('write', 'checkOwnWriteAccess'),
};
