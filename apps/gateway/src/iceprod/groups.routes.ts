import { invalid } from '../route/request-source.js';
import type { Field } from '../route/field.js';
import { lenient, required, restOfPath } from '../route/fields.js';
import { float, str } from '../route/json-types.js';
import { extraMembers, NUMBER, TEXT } from './extra-members.js';
import { documentOf, iceprodRoute, EMPTY_OBJECT, RESULT, resultsOf } from './iceprod-route.js';
import { ADMINS, SERVICES } from './policies.js';

const tag = 'groups';

/** Names may hold slashes, as they are or percent-encoded. */
const inPath = restOfPath(1, 'name, which may hold slashes, or id');

const GENERATED = ['group_id'];
const priority = lenient(float);

const described = extraMembers({ name: TEXT, priority: NUMBER }, [], GENERATED);

/** What the body has besides; its name may be left out because the path says it. */
const extra: Field<string, 'always'> = {
  ...described,
  read: (source, key) => {
    const { name } = source.object;
    if (name !== undefined && name !== inPath.read(source, key)) throw invalid('group name mismatch');
    return described.read(source, key) ?? '{}';
  },
};

/** IceProd contract 13. */
export const groupRoutes = {
  list: iceprodRoute({
    name: 'listGroups',
    tag,
    method: 'GET',
    path: '/groups',
    policy: SERVICES,
    summary: 'All groups, built-in ones first',
    fields: {},
    response: resultsOf(documentOf('Group')),
  }),
  create: iceprodRoute({
    name: 'createGroup',
    tag,
    method: 'POST',
    path: '/groups',
    policy: ADMINS,
    summary: 'Creates a group',
    fields: {
      name: required(str, { missing: 'missing name' }),
      priority,
      extra: extraMembers({ name: TEXT, priority: NUMBER }, ['name'], GENERATED),
    },
    status: 201,
    response: RESULT,
    headers: { Location: { schema: { type: 'string' } } },
    errors: { 409: 'duplicate group' },
  }),
  get: iceprodRoute({
    name: 'getGroup',
    tag,
    method: 'GET',
    path: '/groups/*group_id',
    policy: SERVICES,
    summary: 'One group, by name or id',
    fields: { group: { ...inPath, name: 'group_id' } },
    response: documentOf('Group'),
    errors: { 404: 'Group not found' },
  }),
  delete: iceprodRoute({
    name: 'deleteGroup',
    tag,
    method: 'DELETE',
    path: '/groups/*group_id',
    policy: ADMINS,
    summary: 'Deletes a group by name or id, if there is one',
    fields: { group: { ...inPath, name: 'group_id' } },
    response: EMPTY_OBJECT,
    errors: { 400: 'group is built in' },
  }),
  put: iceprodRoute({
    name: 'putGroup',
    tag,
    method: 'PUT',
    path: '/groups/*group_name',
    policy: ADMINS,
    summary: 'Creates a group, or changes the given fields of an existing one',
    fields: { name: { ...inPath, name: 'group_name' }, priority, extra },
    response: EMPTY_OBJECT,
    errors: { 400: 'group name mismatch; group is built in' },
  }),
};
