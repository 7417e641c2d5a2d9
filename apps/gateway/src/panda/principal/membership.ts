import type { Vo } from '#contracts/panda/configuration.js';
import type { Claims } from '#platform/tokens/claims.js';

/** What an `Origin` header asks for. */
export interface Asked {
  readonly vo: string;
  readonly role?: string;
}

/** `<vo>`, `<vo>:<role>` or `<vo>.<role>` (PanDA contract 2.5). */
export const askedBy = (origin: string): Asked => {
  const colon = origin.indexOf(':');
  const at = colon !== -1 || origin.startsWith('vo.') ? colon : origin.lastIndexOf('.');
  return at === -1 ? { vo: origin } : { vo: origin.slice(0, at), role: origin.slice(at + 1) };
};

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];

/** `groups`, or `wlcg.groups` of tokens of the WLCG profile. A slash at the start of a group means nothing. */
const groupsOf = (claims: Claims, jwtProfile: string | null): ReadonlySet<string> => {
  const groups = jwtProfile === 'wlcg' ? (claims['wlcg.groups'] ?? claims['groups']) : claims['groups'];
  return new Set(textsOf(groups).map((group) => group.replace(/^\//, '')));
};

/** Further roles that the token's scope names, of its own VO only (PanDA contract 2.2). */
const scopeFqans = (claims: Claims, vo: string): readonly string[] => {
  const { scope } = claims;
  const words = typeof scope === 'string' ? scope.split(/\s+/) : textsOf(scope);
  return words.filter((word) => word.startsWith(`role:/${vo}/`)).map((word) => word.slice('role:'.length));
};

const fqanOf = (vo: string, role: string): string => `/${vo}/Role=${role}`;

/** Who is in these groups may leave the role out. */
const isMember = ({ name, members }: Vo, groups: ReadonlySet<string>): boolean =>
  members.length === 0 ? groups.has(name) : members.some(({ group }) => groups.has(group.replace(/^\//, '')));

export type Granted = { readonly fqans: readonly string[] } | { readonly reason: string };

/**
 * What a verified token grants (PanDA contract 2.5).
 *
 * @param role that is asked for
 * @returns the reason when it grants nothing
 */
export const grantedBy = (claims: Claims, jwtProfile: string | null, vo: Vo, role?: string): Granted => {
  const { name, auto_roles: autoRoles, robots } = vo;
  const groups = groupsOf(claims, jwtProfile);
  const { sub } = claims;
  const isRobot = typeof sub === 'string' && robots.includes(sub);
  const more = [...autoRoles.map((auto) => fqanOf(name, auto)), ...scopeFqans(claims, name)];
  if (role === undefined) {
    if (!isRobot && !isMember(vo, groups)) return { reason: `Not a member of the ${name} group` };
    return { fqans: [...new Set(more)] };
  }
  const isGranted = isRobot || autoRoles.includes(role) || groups.has(`${name}/${role}`);
  if (!isGranted) return { reason: `Not a member of the ${name}/${role} group` };
  return { fqans: [...new Set([fqanOf(name, role), ...more])] };
};

/** The distinguished name that a token stands for (PanDA contract 2.2). */
export const dnOf = (claims: Claims): string => {
  const { name, sub, preferred_username: nickname } = claims;
  if (typeof name !== 'string' || name.trim() === '') return typeof sub === 'string' ? sub : '';
  const words = name.trim().split(/\s+/);
  const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join(' ');
  return typeof nickname === 'string' ? `${capitalised}/CN=nickname:${nickname}` : capitalised;
};

/** By this key the client that the token was issued to is known: `aud`, else `client_id`, else `sub`. */
export const clientKeysOf = ({ aud, client_id: clientId, sub }: Claims): readonly string[] => {
  const audience = typeof aud === 'string' ? [aud] : textsOf(aud);
  if (audience.length > 0) return audience;
  return [clientId, sub].filter((key) => typeof key === 'string').slice(0, 1);
};
