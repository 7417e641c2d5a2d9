import { constant, defaulted, lenient, path, required, textParameter } from '../route/fields.js';
import { float, type JsonType, str, strings } from '../route/json-types.js';
import { extraMembers, NUMBER, TEXT, TEXTS } from './extra-members.js';
import { documentOf, iceprodRoute, NAME, EMPTY_OBJECT, RESULT, resultsOf } from './iceprod-route.js';
import { ADMINS, SERVICES } from './policies.js';

const tag = 'users';

const user = { ...path('username or id'), name: 'user_id' };
const groups = required(strings, { missing: 'missing groups', bad: 'invalid group' });

/** A number from 0 to 1, or its text. */
const share: JsonType<number> = {
  name: 'float',
  schema: { oneOf: [{ type: 'number', minimum: 0, maximum: 1 }, { type: 'string' }] },
  accept: (value) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && number >= 0 && number <= 1 ? number : undefined;
  },
};

/** IceProd contract 13. */
export const userRoutes = {
  list: iceprodRoute({
    name: 'listUsers',
    tag,
    method: 'GET',
    path: '/users',
    policy: SERVICES,
    summary: 'Users that have a record',
    fields: { username: textParameter('username', 'only the user of this name') },
    response: resultsOf(documentOf('User')),
  }),
  create: iceprodRoute({
    name: 'createUser',
    tag,
    method: 'POST',
    path: '/users',
    policy: ADMINS,
    summary: 'Creates a user',
    fields: {
      username: required(str, { missing: 'missing username' }),
      groups: defaulted(strings, []),
      roles: defaulted(strings, []),
      priority: lenient(float),
      extra: extraMembers({ username: TEXT, groups: TEXTS, roles: TEXTS, priority: NUMBER }, ['username'], ['user_id']),
      duplicate: constant('invalid'),
    },
    status: 201,
    response: RESULT,
    headers: { Location: { schema: { type: 'string' } } },
    errors: { 400: 'missing username; duplicate username' },
  }),
  createByName: iceprodRoute({
    name: 'createUserByName',
    tag,
    method: 'PUT',
    path: '/users/:username',
    policy: ADMINS,
    summary: 'Creates a user; the body is ignored',
    fields: { username: path(), duplicate: constant('conflict') },
    response: EMPTY_OBJECT,
    errors: { 409: 'duplicate username' },
  }),
  get: iceprodRoute({
    name: 'getUser',
    tag,
    method: 'GET',
    path: '/users/:user_id',
    policy: SERVICES,
    summary: 'One user, by name or id',
    fields: { user },
    response: documentOf('User'),
    errors: { 404: 'User not found' },
  }),
  delete: iceprodRoute({
    name: 'deleteUser',
    tag,
    method: 'DELETE',
    path: '/users/:user_id',
    policy: ADMINS,
    summary: 'Deletes a user by name or id, if there is one',
    fields: { user },
    response: EMPTY_OBJECT,
  }),
  setPriority: iceprodRoute({
    name: 'setUserPriority',
    tag,
    method: 'PUT',
    path: '/users/:username/priority',
    policy: ADMINS,
    summary: 'Sets the priority of a user, from 0 to 1',
    fields: {
      username: path(),
      priority: required(share, { missing: 'missing priority in body', bad: 'priority must be a number from 0 to 1' }),
    },
    response: EMPTY_OBJECT,
    errors: { 400: 'bad username' },
  }),
  getGroups: iceprodRoute({
    name: 'getUserGroups',
    tag,
    method: 'GET',
    path: '/users/:user_id/groups',
    policy: SERVICES,
    summary: 'Names of the groups of a user',
    fields: { user },
    response: resultsOf(NAME),
    errors: { 404: 'User not found' },
  }),
  addToGroup: iceprodRoute({
    name: 'addUserToGroup',
    tag,
    method: 'POST',
    path: '/users/:user_id/groups',
    policy: ADMINS,
    summary: 'Adds one group to those of a user',
    fields: { user, group: required(str, { missing: 'missing group', bad: 'invalid group' }) },
    response: EMPTY_OBJECT,
    errors: { 400: 'invalid group', 404: 'User not found' },
  }),
  setGroups: iceprodRoute({
    name: 'setUserGroups',
    tag,
    method: 'PUT',
    path: '/users/:user_id/groups',
    policy: ADMINS,
    summary: 'Replaces the groups of a user',
    fields: { user, groups },
    response: EMPTY_OBJECT,
    errors: { 400: 'invalid group', 404: 'User not found' },
  }),
  setRoles: iceprodRoute({
    name: 'setUserRoles',
    tag,
    method: 'PUT',
    path: '/users/:user_id/roles',
    policy: ADMINS,
    summary: 'Replaces the roles of a user',
    fields: { user, roles: required(strings, { missing: 'missing roles', bad: 'invalid role name' }) },
    response: EMPTY_OBJECT,
    errors: { 400: 'invalid role name', 404: 'User not found' },
  }),
};
