import { isObject } from '../json-object.js';
import { accountName, externalName, localName, SYSTEM_USERNAME } from './user-name.js';

/**
 * Who a verified token speaks for (IceProd contract 2.2). This is the only place where a person gets a name; whatever is kept by
 * name (records, ownership, credentials, history) relies on its being unique.
 */
export interface Identity {
  /** The external issuer that signed the token (URL); absent when Cairn's own key or the shared secret signed it. */
  readonly issuer?: string;
  /** Unique name of the account that the token was issued to: a local name, or `<subject>@<issuer>`. */
  readonly subject: string;
  /** The same, except that all holders of the role `system` share one name. */
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** When the token was issued (milliseconds since the Unix epoch). */
  readonly tokenIssuedAtMs: number;
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

/** Reads `{"roles": [{"name", "claim", "pattern"}], "groups": [...]}`; a list that is left out is the default one's. */
export const readClaimTable = (value: unknown): ClaimTable | undefined => {
  if (!isObject(value)) return undefined;
  const { roles = DEFAULT_CLAIM_TABLE.roles, groups = DEFAULT_CLAIM_TABLE.groups, ...others } = value;
  const areGrants = [roles, groups].every((list) => Array.isArray(list) && list.every(isGrant));
  if (!areGrants || Object.keys(others).length > 0) return undefined;
  return { ...DEFAULT_CLAIM_TABLE, roles: roles as readonly Grant[], groups: groups as readonly Grant[] };
};

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

/** What is configured for an external issuer. */
export interface ExternalSource {
  /** URL without a slash at its end. */
  readonly issuer: string;
  readonly table: ClaimTable;
  /** Whether the names that it gives (`preferred_username`) are user names of this Cairn. */
  readonly namesAreLocal: boolean;
  /** Local names of single persons, by subject. */
  readonly users: Readonly<Record<string, string>>;
}

/** Reads an identity out of verified claims; undefined when no user name can be derived. */
export type IdentityReader = (claims: Claims) => Identity | undefined;

interface Named {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly account: string | undefined;
}

const identityOf = (claims: Claims, { account, ...granted }: Named, issuer?: string): Identity | undefined => {
  const isSystem = granted.roles.includes('system');
  // Only the role gives this name, because rights and records go with it.
  if (account === undefined || (account === SYSTEM_USERNAME && !isSystem)) return undefined;
  return {
    ...(issuer !== undefined && { issuer }),
    subject: account,
    username: isSystem ? SYSTEM_USERNAME : account,
    ...granted,
    tokenIssuedAtMs: Number(claims['iat']) * 1000,
  };
};

const nameIn = (claims: Claims, ...names: readonly string[]): string | undefined => {
  const name = names.map((each) => textOf(claims[each])).find((text) => text !== undefined);
  return name === undefined ? undefined : accountName(name);
};

const groupsOf = (
  table: ClaimTable,
  roles: readonly string[],
  granted: readonly string[],
  bare: readonly string[] = [],
): readonly string[] => {
  const byRole = roles.flatMap((role) => own(table.groupsOfRoles, role) ?? []);
  return [...new Set([...granted, ...byRole, ...bare])];
};

/**
 * Reads tokens that Cairn's own key or the shared secret signed. They name local users, and persons of external
 * issuers who exchanged their token for one of ours. Only they may name role and groups bare: an external issuer's group called `admin` is not ours.
 */
export const cairnIdentityReader = (table: ClaimTable = DEFAULT_CLAIM_TABLE): IdentityReader => {
  const rolesGranted = compile(table.roles);
  const groupsGranted = compile(table.groups);

  return (claims) => {
    const subject = textOf(claims['sub']);
    if (subject === undefined) return undefined;
    const bareRole = textOf(claims['role']);
    const bareRoles = bareRole === undefined ? [] : (own(BARE_ROLES, bareRole) ?? [bareRole]);
    const roles = [...new Set([...rolesGranted(claims), ...bareRoles])];
    const groups = groupsOf(table, roles, groupsGranted(claims), textsOf(claims['groups']));
    const isNamed = ['preferred_username', 'username'].some((name) => textOf(claims[name]) !== undefined);
    // Services may have no name but their subject.
    const account =
      isNamed || !roles.includes('system') ? nameIn(claims, 'preferred_username', 'username') : localName(subject);
    return identityOf(claims, { roles, groups, account });
  };
};

/**
 * Reads tokens of an external issuer. A person is the pair of issuer and subject; that somebody there has the name of a local
 * user says nothing, unless the operator has configured that it does.
 */
export const externalIdentityReader = ({ issuer, table, namesAreLocal, users }: ExternalSource): IdentityReader => {
  const rolesGranted = compile(table.roles);
  const groupsGranted = compile(table.groups);

  return (claims) => {
    const subject = textOf(claims['sub']);
    if (subject === undefined) return undefined;
    const roles = [...new Set(rolesGranted(claims))];
    const groups = groupsOf(table, roles, groupsGranted(claims));
    const mapped = own(users, subject) ?? (namesAreLocal ? textOf(claims['preferred_username']) : undefined);
    const account = mapped === undefined ? externalName(issuer, subject) : localName(mapped);
    return identityOf(claims, { roles, groups, account }, issuer);
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
 * Claims that make {@link cairnIdentityReader} grant the roles and groups, for tokens signed by Cairn.
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
