import type { AnyRoute, Policy } from '../../../apps/gateway/src/route/route.js';
import { templateOf } from '../../../apps/gateway/src/route/openapi.js';

/**
 * What a caller is to one of the two datasets. `bad` has a token that is not accepted; `other` is a user who neither owns the dataset nor is in its
 * group, and `member` is in its group; `holder` is a worker that holds a task of it, `worker` one that does not.
 */
export type Relation = (typeof RELATIONS)[number];

/** The columns of the tables, in their order. */
const RELATIONS = [
  'anonymous',
  'bad',
  'roleless',
  'other',
  'member',
  'owner',
  'pilot',
  'worker',
  'holder',
  'client',
  'system',
  'admin',
] as const;

/** `+`: neither 401 nor 403; `-`: 401 or 403; `!`: refused in the route's own words, which may be any 4xx. */
export type Expectation = '+' | '-' | '!';

/** The policy as a text, with all its members: what is new in a policy makes a text that the table does not have. */
const textOf = (policy: Policy): string =>
  policy === 'public'
    ? 'public'
    : Object.entries(policy)
        .map(([name, value]: readonly [string, unknown]) => {
          if (name === 'own') return `own=${policy.own?.words ?? ''}`;
          return `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`;
        })
        .sort()
        .join('; ');

const UNIT_READERS = "note=users need the read rule of the unit's workload";
/** Torc's workflows have no owners (Torc contract 1.2). */
const TORC = 'note=Programs on the machine of an embedded Cairn need no token';
const WORKLOAD_WRITERS = 'note=users need the right to change the workload, by the rules of its dialect';
const REQUEST_READERS = 'note=users need to have made it, or the read rule of its dataset';

/** A row for each policy, or route: its cells in the order of {@link RELATIONS}, then what it is about. */
type Table = readonly (readonly [cells: string, about: string])[];

/**
 * Who may use the routes of a policy. This is written by hand and shares nothing with the gateway: rights that the code grants by
 * mistake are not in it.
 */
const BY_POLICY: Table = [
  // anonymous
  // | bad
  // | | roleless
  // | | |  other
  // | | |  | member
  // | | |  | | owner
  // | | |  | | |  pilot
  // | | |  | | |  | worker
  // | | |  | | |  | | holder
  // | | |  | | |  | | |  client
  // | | |  | | |  | | |  | system
  // | | |  | | |  | | |  | | admin
  ['+ + +  + + +  + + +  + + +', 'public'],
  ['- - -  - - -  - - -  - - +', 'roles=admin'],
  ['- - -  - - -  - - -  + + +', 'roles=admin,system'],
  ['- - -  - - -  + - -  + + +', 'roles=admin,system,pilot'],
  ['- - -  + + +  - - -  + + +', 'roles=admin,system,user'],
  ['- - -  + + +  - - -  + + +', `${TORC}; roles=admin,system,user`],
  ['- - -  - + +  - - -  + + +', 'roles=admin,system,user; rule=read'],
  ['- - -  - + +  - - -  + + +', 'roles=admin,system,user; rule=write'],
  ['- - -  - - +  - - -  + + +', 'own=self only; roles=admin,system,user'],
  ['- - -  - + +  - - -  + + +', 'own=member of group; roles=admin,system,user'],
  ['- - -  - + +  - - -  + + +', 'anyToken=true; roles=admin,system,user'],
  ['- - -  + + +  - - -  + - +', 'roles=admin,user,client'],
  ['- - -  - - -  - + +  + + +', 'lease=claim; roles=admin,system,worker'],
  ['- - -  - - -  - - +  + + +', 'lease=unit; roles=admin,system,worker'],
  ['- - -  - - -  + - +  + + +', 'lease=unit; roles=admin,system,pilot,worker'],
  ['- - -  - - -  + - +  + + +', 'lease=worker; roles=admin,system,pilot,worker'],
  ['- - -  - + +  + - +  + + +', 'lease=workload; roles=admin,system,pilot,user,worker; rule=read'],
  ['- - -  - + +  + - +  + + +', 'lease=unit; roles=admin,system,pilot,user,worker; rule=read'],
  ['- - -  - + +  + - -  + + +', `${UNIT_READERS}; roles=admin,system,pilot,user`],
  ['- - -  - + +  - - -  + + +', 'note=users need the read rule of the workload; roles=admin,system,user'],
  ['- - -  - + +  - - -  + + +', 'note=users need the read rule of the dataset; roles=admin,system,user'],
  ['- - -  - + +  - - -  + + +', `${REQUEST_READERS}; roles=admin,system,user`],
  ['- - -  - + +  - - -  + + +', `${WORKLOAD_WRITERS}; roles=admin,system,user`],
];

/** Routes whose service decides by more than their policy says, and why. */
const BY_ROUTE: Table = [
  // It is not carried out yet, so there is no dataset whose rule would open it to others than its maker.
  ['- - -  - - +  - - -  + + +', 'GET /actions/submit/{id}'],
  // Users must be in the group that they name.
  ['- - -  ! + +  - - -  + + +', 'POST /datasets'],
  // Administrators, too (IceProd contract 16).
  ['- - -  ! + +  - - -  ! ! !', 'POST /actions/submit'],
  // Answers every token that there is no such action.
  ['- - +  + + +  + + +  + + +', 'GET /auths/{dataset_id}/actions/{action}'],
  // These judge what the request brings along, a password or the secret of a client. None of the callers has one.
  ['! ! !  ! ! !  ! ! !  ! ! !', 'POST /ldap'],
  ['! ! !  ! ! !  ! ! !  ! ! !', 'POST /auth/realms/{realm}/protocol/openid-connect/token'],
  // Only for tokens that Cairn's OpenID provider has issued.
  ['! ! !  ! ! !  ! ! !  ! ! !', 'GET /auth/realms/{realm}/protocol/openid-connect/userinfo'],
];

/** All routes that need no token. A new one must be entered here as well. */
export const PUBLIC_ROUTES: readonly string[] = [
  'GET /healthz',
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /ping',
  'GET /version',
  'GET /docs',
  'GET /cairn/history/keys',
  'GET /openapi.json',
  'GET /cairn/events/schemas',
  'GET /cairn/events/schemas/{dialect}/{type}/{version}',
  'POST /ldap',
  'GET /auth/realms/{realm}/.well-known/openid-configuration',
  'GET /auth/realms/{realm}/protocol/openid-connect/certs',
  'POST /auth/realms/{realm}/protocol/openid-connect/token',
  'POST /auth/realms/{realm}/protocol/openid-connect/revoke',
  'POST /auth/realms/{realm}/protocol/openid-connect/auth/device',
  'GET /auth/realms/{realm}/protocol/openid-connect/userinfo',
  'GET /auth/realms/{realm}/protocol/openid-connect/auth',
  'POST /auth/realms/{realm}/protocol/openid-connect/auth',
  'GET /auth/realms/{realm}/protocol/openid-connect/auth/{uid}',
  'GET /auth/realms/{realm}/device',
  'POST /auth/realms/{realm}/device',
  'GET /auth/realms/{realm}/device/{uid}',
  'GET /auth/realms/{realm}/interaction/{uid}',
  'POST /auth/realms/{realm}/interaction/{uid}',
  'GET /auth/realms/{realm}/protocol/openid-connect/logout',
  'POST /auth/realms/{realm}/protocol/openid-connect/logout',
  'POST /auth/realms/{realm}/protocol/openid-connect/logout/confirm',
  'GET /auth/realms/{realm}/protocol/openid-connect/logout/success',
];

export const routeName = ({ method, path }: AnyRoute): string => `${method} ${templateOf(path)}`;

const policies = new Map(BY_POLICY.map(([cells, policy]) => [policy, cells]));
const routes = new Map(BY_ROUTE.map(([cells, route]) => [route, cells]));

/** Names the row of a route: routes of the same row are protected alike. */
export const rowOf = (route: AnyRoute): string =>
  routes.has(routeName(route)) ? routeName(route) : textOf(route.policy);

/**
 * What a caller of each relation to the dataset of a request may expect of a route.
 *
 * @throws Error when its policy is not in the table
 */
export const expectationsOf = (route: AnyRoute): Readonly<Record<Relation, Expectation>> => {
  const cells = (routes.get(routeName(route)) ?? policies.get(textOf(route.policy)))?.split(/ +/);
  if (cells?.length !== RELATIONS.length) {
    throw new Error(`${routeName(route)}: nobody has written down who may use routes of the policy "${rowOf(route)}"`);
  }
  return Object.fromEntries(RELATIONS.map((relation, place) => [relation, cells[place]])) as Record<
    Relation,
    Expectation
  >;
};
