import { invalid } from '../route/request-source.js';
import type { Field } from '../route/field.js';
import { path } from '../route/fields.js';
import { extraMembers, TEXT } from './extra-members.js';
import { documentOf, iceprodRoute, NAME, EMPTY_OBJECT, resultsOf } from './iceprod-route.js';
import { ADMINS, SERVICES } from './policies.js';

const tag = 'roles';

const members = extraMembers({ name: TEXT });

/** The document without its name, which may be left out because the path says it. */
const extra: Field<string, 'always'> = {
  ...members,
  read: (source, key) => {
    const { name } = source.object;
    if (name !== undefined && name !== source.path('role_name')) throw invalid('role name mismatch');
    return members.read(source, key);
  },
};

/** IceProd contract 13. */
export const roleRoutes = {
  list: iceprodRoute({
    name: 'listRoles',
    tag,
    method: 'GET',
    path: '/roles',
    policy: ADMINS,
    summary: 'Names of all roles, built-in ones first',
    fields: {},
    response: resultsOf(NAME),
  }),
  put: iceprodRoute({
    name: 'putRole',
    tag,
    method: 'PUT',
    path: '/roles/:role_name',
    policy: ADMINS,
    summary: 'Creates a role or replaces its document',
    fields: { name: { ...path(), name: 'role_name' }, extra },
    response: EMPTY_OBJECT,
    errors: { 400: 'role name mismatch; role is built in' },
  }),
  get: iceprodRoute({
    name: 'getRole',
    tag,
    method: 'GET',
    path: '/roles/:role_name',
    policy: SERVICES,
    summary: 'One role',
    fields: { name: { ...path(), name: 'role_name' } },
    response: documentOf('Role'),
    errors: { 404: 'Role not found' },
  }),
  delete: iceprodRoute({
    name: 'deleteRole',
    tag,
    method: 'DELETE',
    path: '/roles/:role_name',
    policy: ADMINS,
    summary: 'Deletes a role, if there is one',
    fields: { name: { ...path(), name: 'role_name' } },
    response: EMPTY_OBJECT,
    errors: { 400: 'role is built in' },
  }),
};
