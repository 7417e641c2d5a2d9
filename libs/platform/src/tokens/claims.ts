import { isObject, objectIn } from '../json-object.js';

/** Who a verified token speaks for (IceProd contract 2.2). */
export interface Identity {
  readonly subject: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Claims of a token whose signature, issuer and times have been checked. */
export type Claims = Readonly<Record<string, unknown>>;

/** Grants `name` when the claim at the dotted path `claim`, or an element of it, matches `pattern` as a whole. */
export interface Grant {
  readonly name: string;
  readonly claim: string;
  /** A regular expression that must match the whole value. */
  readonly pattern: string;
}

export interface ClaimTable {
  readonly roles: readonly Grant[];
  readonly groups: readonly Grant[];
  /** Groups that come with a role, whatever the claims say. */
  readonly groupsOfRoles: Readonly<Record<string, readonly string[]>>;
}

/** Default table of IceProd contract 2.2. */
export const DEFAULT_CLAIM_TABLE: ClaimTable = {
  roles: [
    { name: 'admin', claim: 'groups', pattern: '/tokens/IceProdAdmins' },
    { name: 'user', claim: 'groups', pattern: '/institutions/IceCube.*' },
    { name: 'system', claim: 'resource_access.iceprod.roles', pattern: 'iceprod-system' },
  ],
  groups: [
    { name: 'admin', claim: 'groups', pattern: '/tokens/IceProdAdmins' },
    { name: 'simprod', claim: 'groups', pattern: '/posix/simprod-submit' },
    { name: 'filtering', claim: 'groups', pattern: '/posix/i3filter' },
    { name: 'users', claim: 'groups', pattern: '/institutions/IceCube.*' },
  ],
  groupsOfRoles: { user: ['users'] },
};

const isGrant = (value: unknown): value is Grant => {
  if (!isObject(value)) return false;
  const { name, claim, pattern } = value;
  const words = [name, claim, pattern];
  if (!words.every((word) => typeof word === 'string' && word !== '')) return false;
  try {
    return new RegExp(String(pattern), 'u') instanceof RegExp;
  } catch {
    return false;
  }
};

/**
 * Reads `{"roles": [{"name", "claim", "pattern"}], "groups": [...]}`; a list that is left out is the default one's. Undefined
 * when the text says something else.
 */
export const readClaimTable = (text: string): ClaimTable | undefined => {
  const value = objectIn(text);
  if (value === undefined) return undefined;
  const { roles = DEFAULT_CLAIM_TABLE.roles, groups = DEFAULT_CLAIM_TABLE.groups, ...others } = value;
  const areGrants = [roles, groups].every((list) => Array.isArray(list) && list.every(isGrant));
  if (!areGrants || Object.keys(others).length > 0) return undefined;
  return { ...DEFAULT_CLAIM_TABLE, roles: roles as readonly Grant[], groups: groups as readonly Grant[] };
};

/** User name of everybody who holds the role `system`. */
const SYSTEM_USERNAME = 'iceprod-system';

/** Words of the bare `role` claim that mean other roles, or none. Only a client may exchange its token, not all of system. */
const BARE_ROLES: Readonly<Record<string, readonly string[]>> = { client: ['system', 'client'], anonymous: [] };

/** Names come from tokens and may be those of things that every object inherits. */
const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const valueAt = (claims: Claims, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isObject(value) ? own(value, name) : undefined), claims);

const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((entry) => typeof entry === 'string');

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

type Matcher = (claims: Claims) => readonly string[];

const compile = (grants: readonly Grant[]): Matcher => {
  const compiled = grants.map(({ name, claim, pattern }) => ({
    name,
    path: claim.split('.'),
    whole: new RegExp(`^(?:${pattern})$`, 'u'),
  }));
  return (claims) =>
    compiled
      .filter(({ path, whole }) => textsOf(valueAt(claims, path)).some((value) => whole.test(value)))
      .map(({ name }) => name);
};

/**
 * How far a token's issuer is trusted: `cairn` are tokens that Cairn's own key or the shared secret signed; only they may
 * name role and groups bare. An external issuer's group called `admin` is not ours.
 */
export type Trust = 'cairn' | 'external';

/** Makes the function that reads an identity out of verified claims; undefined when it has no subject or user name. */
export const identityReader = (
  table: ClaimTable = DEFAULT_CLAIM_TABLE,
): ((claims: Claims, trust: Trust) => Identity | undefined) => {
  const rolesGranted = compile(table.roles);
  const groupsGranted = compile(table.groups);

  return (claims, trust) => {
    const subject = textOf(claims['sub']);
    const bareRole = trust === 'cairn' ? textOf(claims['role']) : undefined;
    const bareRoles = bareRole === undefined ? [] : (own(BARE_ROLES, bareRole) ?? [bareRole]);
    const roles = [...new Set([...rolesGranted(claims), ...bareRoles])];

    const bareGroups = trust === 'cairn' ? textsOf(claims['groups']) : [];
    const groupsByRole = roles.flatMap((role) => own(table.groupsOfRoles, role) ?? []);
    const groups = [...new Set([...groupsGranted(claims), ...groupsByRole, ...bareGroups])];

    const ownName =
      textOf(claims['preferred_username']) ?? (trust === 'cairn' ? textOf(claims['username']) : undefined);
    const username = roles.includes('system') ? SYSTEM_USERNAME : ownName;
    return subject === undefined || username === undefined ? undefined : { subject, username, roles, groups };
  };
};

/** Raised when roles are asked for that no token can carry together. */
export class RolesUnclaimable extends Error {
  override readonly name = 'RolesUnclaimable';
}

/** Claim values that the default table turns into a role; every other role goes into the one bare `role` claim. */
const CLAIMS_OF_ROLES: Readonly<Record<string, { readonly groups?: string; readonly clientRole?: string }>> = {
  admin: { groups: '/tokens/IceProdAdmins' },
  user: { groups: '/institutions/IceCube/Cairn' },
  system: { clientRole: 'iceprod-system' },
};

/** Claim values for groups; the others are named bare, because their claim would grant a role as well. */
const CLAIMS_OF_GROUPS: Readonly<Record<string, string>> = {
  simprod: '/posix/simprod-submit',
  filtering: '/posix/i3filter',
};

/**
 * Claims that make {@link identityReader} grant the roles and groups, for tokens signed by Cairn.
 *
 * @throws RolesUnclaimable when more than one role is neither admin, user nor system
 */
export const claimsGranting = (asked: {
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}): Claims => {
  const known = asked.roles.flatMap((role) => own(CLAIMS_OF_ROLES, role) ?? []);
  const [bareRole, ...tooMany] = [...new Set(asked.roles)].filter((role) => !Object.hasOwn(CLAIMS_OF_ROLES, role));
  if (tooMany.length > 0) {
    throw new RolesUnclaimable(`One token cannot hold both ${bareRole ?? ''} and ${tooMany.join(' and ')}`);
  }
  const paths = known.flatMap(({ groups }) => groups ?? []);
  const clientRoles = known.flatMap(({ clientRole }) => clientRole ?? []);
  return {
    sub: asked.username,
    preferred_username: asked.username,
    groups: [...new Set([...paths, ...asked.groups.map((group) => own(CLAIMS_OF_GROUPS, group) ?? group)])],
    ...(clientRoles.length > 0 && { resource_access: { iceprod: { roles: clientRoles } } }),
    ...(bareRole !== undefined && { role: bareRole }),
  };
};
