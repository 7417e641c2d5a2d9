import { CREDENTIAL_TYPES, type CredentialType } from '#contracts/credentials.js';
import { mayUseCredentials } from '#contracts/iceprod/credentials.js';
import type { Field } from '../route/field.js';
import { lenient, path, presenceParameter, required, textParameter } from '../route/fields.js';
import { float, type JsonType, str, strings, where } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import type { Policy } from '../route/route.js';
import { documentOf, iceprodRoute, EMPTY_OBJECT } from './iceprod-route.js';
import { EVERYBODY_ROLES, SERVICES } from './policies.js';

const tag = 'credentials';

/** An issuer may have to be asked about several credentials first. */
const DEADLINE_MS = 30_000;

const OWN_NAME: Policy = {
  roles: EVERYBODY_ROLES,
  own: {
    words: 'self only',
    isOf: (caller, source) => mayUseCredentials(caller, { username: source.path('username') }),
  },
};
const OWN_GROUP: Policy = {
  roles: EVERYBODY_ROLES,
  own: {
    words: 'member of group',
    isOf: (caller, source) => mayUseCredentials(caller, { groupname: source.path('groupname') }),
  },
};

const filled = where(str, (value) => value !== '', { minLength: 1 });

const kind: JsonType<CredentialType> = {
  name: 'str',
  schema: { type: 'string', enum: CREDENTIAL_TYPES },
  accept: (value) => CREDENTIAL_TYPES.find((each) => each === value),
};

const described = {
  url: required(filled),
  type: required(kind, { bad: 'type must be s3 or oauth' }),
  transfer_prefix: lenient(str),
  buckets: lenient(strings),
  access_key: lenient(str),
  secret_key: lenient(str),
  access_token: lenient(str),
  refresh_token: lenient(str),
  scope: lenient(str),
  expiration: lenient(float),
  last_use: lenient(float),
};

const filters = {
  url: textParameter('url', 'only those for this address'),
  transfer_prefix: textParameter('transfer_prefix', 'only those with this prefix'),
  scope: textParameter('scope', 'only those of this scope'),
};

/** A filter of the body; an empty one is none. */
const bodyFilter: Field<string, 'maybe'> = {
  ...lenient(str),
  read: (source, name) => lenient(str).read(source, name) || undefined,
};

const clientId: Field<string, 'always'> = {
  from: 'query',
  required: true,
  schema: { type: 'string' },
  description: 'the client that the tokens are for',
  read: (source, name) => {
    const value = source.query(name);
    if (value === undefined) throw invalid('missing client_id');
    return value;
  },
};

const DOCUMENTS = { type: 'array', items: documentOf('Credential') };

/** The same five routes for each kind of owner. */
const routesOf = <Owner extends Readonly<Record<string, Field<string, 'always'>>>>({
  name,
  at,
  owner,
  policy,
  words,
}: {
  readonly name: string;
  readonly at: string;
  readonly owner: Owner;
  readonly policy: Policy;
  readonly words: string;
}) => ({
  list: iceprodRoute({
    name: `list${name}Credentials`,
    tag,
    method: 'GET',
    path: `${at}/credentials`,
    policy,
    summary: `Credentials of ${words}; tokens that have ended are refreshed`,
    fields: {
      ...owner,
      ...filters,
      norefresh: presenceParameter('norefresh', 'when it is there, nothing is refreshed and no use is noted'),
    },
    deadlineMs: DEADLINE_MS,
    response: DOCUMENTS,
    errors: { 403: 'unauthorized' },
  }),
  store: iceprodRoute({
    name: `store${name}Credential`,
    tag,
    method: 'POST',
    path: `${at}/credentials`,
    policy,
    summary: `Stores a credential of ${words}, in the place of one for the same address, prefix and scope`,
    fields: { ...owner, ...described },
    body: { unknownKeys: 'invalid keys found' },
    deadlineMs: DEADLINE_MS,
    response: EMPTY_OBJECT,
    errors: {
      400: 'must specify bucket(s) for s3; must specify either access_token or refresh_token',
      403: 'unauthorized',
    },
  }),
  update: iceprodRoute({
    name: `update${name}Credential`,
    tag,
    method: 'PATCH',
    path: `${at}/credentials`,
    policy,
    summary: `Changes what is given, and not empty, of one credential of ${words}`,
    fields: { ...owner, ...described },
    body: { unknownKeys: 'invalid keys found' },
    response: EMPTY_OBJECT,
    errors: { 403: 'unauthorized', 404: 'credential not found', 409: 'duplicate credential' },
  }),
  delete: iceprodRoute({
    name: `delete${name}Credentials`,
    tag,
    method: 'DELETE',
    path: `${at}/credentials`,
    policy,
    summary: `Deletes the credentials of ${words} that fit the filters in the body`,
    fields: { ...owner, url: bodyFilter, transfer_prefix: bodyFilter, scope: bodyFilter },
    response: EMPTY_OBJECT,
    errors: { 403: 'unauthorized' },
  }),
  exchange: iceprodRoute({
    name: `exchange${name}Credentials`,
    tag,
    method: 'GET',
    path: `${at}/exchange`,
    policy,
    summary: `Credentials of ${words} with tokens for another client (RFC 8693); those that the issuer refuses are left out`,
    fields: {
      ...owner,
      client_id: clientId,
      new_scope: textParameter('new_scope', 'scope of the new tokens'),
      ...filters,
    },
    deadlineMs: DEADLINE_MS,
    response: DOCUMENTS,
    errors: { 400: 'missing client_id', 403: 'unauthorized' },
  }),
});

/** IceProd contract 19. */
export const userCredentialRoutes = routesOf({
  name: 'User',
  at: '/users/:username',
  owner: { username: path() },
  policy: OWN_NAME,
  words: 'a user',
});
/** Slashes in names of groups may stand as they are: the gateway encodes them before it looks for the route. */
export const groupCredentialRoutes = routesOf({
  name: 'Group',
  at: '/groups/:groupname',
  owner: { groupname: path('may hold slashes') },
  policy: OWN_GROUP,
  words: 'a group',
});
export const datasetCredentialRoutes = routesOf({
  name: 'Dataset',
  at: '/datasets/:dataset_id',
  owner: { dataset_id: path() },
  policy: SERVICES,
  words: 'a dataset',
});
export const taskCredentialRoutes = routesOf({
  name: 'TaskName',
  at: '/datasets/:dataset_id/tasks/:task_name',
  owner: { dataset_id: path(), task_name: path() },
  policy: SERVICES,
  words: 'the tasks of a name',
});

export const createCredentialRoutes = {
  create: iceprodRoute({
    name: 'createCredential',
    tag,
    method: 'POST',
    path: '/create',
    policy: { roles: EVERYBODY_ROLES, own: { words: 'self only', isOf: () => true } },
    summary: 'Creates an OAuth credential for a user without storing it',
    fields: {
      username: required(filled),
      scope: required(filled),
      url: required(filled),
      transfer_prefix: required(str),
    },
    deadlineMs: DEADLINE_MS,
    response: documentOf('Credential'),
    errors: { 400: "the issuer's own words, such as invalid_scope", 403: 'unauthorized' },
  }),
};
