import { invalid } from '../route/request-source.js';
import type { Field } from '../route/field.js';
import { path } from '../route/fields.js';
import { extraMembers, TEXT } from './extra-members.js';
import { documentOf, iceprodRoute, NAMES, NOTHING, resultsOf } from './iceprod-route.js';
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
    answer: resultsOf(NAMES),
  }),
  define: iceprodRoute({
    name: 'defineRole',
    tag,
    method: 'PUT',
    path: '/roles/:role_name',
    policy: ADMINS,
    summary: 'Adds a role or replaces its document',
    fields: { name: { ...path(), name: 'role_name' }, extra },
    answer: NOTHING,
    refusals: { 400: 'role name mismatch; role is built in' },
  }),
  get: iceprodRoute({
    name: 'getRole',
    tag,
    method: 'GET',
    path: '/roles/:role_name',
    policy: SERVICES,
    summary: 'One role',
    fields: { name: { ...path(), name: 'role_name' } },
    answer: documentOf('Role'),
    refusals: { 404: 'Role not found' },
  }),
  retire: iceprodRoute({
    name: 'retireRole',
    tag,
    method: 'DELETE',
    path: '/roles/:role_name',
    policy: ADMINS,
    summary: 'Deletes a role, if there is one',
    fields: { name: { ...path(), name: 'role_name' } },
    answer: NOTHING,
    refusals: { 400: 'role is built in' },
  }),
};
