import { DomainError } from '#platform/domain-error.js';
import type { SecretClaims } from '#platform/tokens/secret-signer.js';
import type { CreateTokenRequest } from '#contracts/iceprod/users.js';
import type { User } from '../../user/user.js';

const TEMPORARY_SECONDS_MAX = 86_400;

const invalid = (message: string): DomainError => new DomainError('invalid', 'token.refused', message);

/** Who presents the token, as far as it is known. */
export interface Presenter {
  readonly username?: string;
  readonly role?: string;
  /** Groups that the presented token grants. */
  readonly groups: readonly string[];
  /** Of the token: only `user` and `system` may be exchanged. */
  readonly type?: string;
  readonly user?: Pick<User, 'roles' | 'groups'>;
}

interface IssuedFor {
  readonly username: string;
  readonly type: string;
  readonly role: string;
  readonly groups: readonly string[];
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** Claims of a token of kind B (IceProd contract 15). */
export const claimsOf = ({ username, issuedAtSeconds, expiresAtSeconds, ...granted }: IssuedFor): SecretClaims => ({
  ...granted,
  sub: username,
  username,
  preferred_username: username,
  // Exact to the millisecond, as a revocation is.
  iat: issuedAtSeconds,
  nbf: Math.floor(issuedAtSeconds),
  exp: expiresAtSeconds,
});

/** Roles that system tokens may get, by the role presented. */
const SYSTEM_ROLES: Readonly<Record<string, readonly string[]>> = { admin: ['system', 'client'], client: ['pilot'] };

interface Grant {
  readonly role: string;
  readonly groups: readonly string[];
  readonly secondsMax: number;
}

interface Asked {
  readonly type: string;
  readonly role: string | undefined;
}

/** The record bounds what is granted as well: it may have lost roles and groups since the presented token was issued. */
const granted = (
  { type, role }: Asked,
  presented: string,
  { roles, groups }: Pick<User, 'roles' | 'groups'>,
): Grant | DomainError => {
  const badRole = (): DomainError => invalid('invalid role request');
  switch (type) {
    case 'temp':
      return (presented === 'admin' || presented === 'user') && roles.includes(presented) && role === presented
        ? { role: presented, groups, secondsMax: TEMPORARY_SECONDS_MAX }
        : badRole();
    case 'user':
      if (presented === 'client' || !roles.includes('admin')) return invalid('invalid token type request');
      // A user's token stays one, although the record says administrator: a token is worth no more than the one presented.
      return role === 'user' || (role === 'admin' && presented === 'admin')
        ? { role, groups, secondsMax: Infinity }
        : badRole();
    case 'system': {
      const allowed = Object.hasOwn(SYSTEM_ROLES, presented) ? SYSTEM_ROLES[presented] : undefined;
      if (allowed === undefined) return invalid('invalid token type request');
      return role !== undefined && allowed.includes(role) ? { role, groups: [], secondsMax: Infinity } : badRole();
    }
    default:
      return invalid('invalid token type request');
  }
};

/** When the new token ends: never after the one presented. */
const endOf = ({ presented, exp }: CreateTokenRequest, nowSeconds: number): number | DomainError => {
  const end = Math.floor(presented.expiresAtSeconds);
  if (exp === undefined) return end;
  const asked = Math.floor(nowSeconds) + exp;
  return Number.isSafeInteger(exp) && exp >= 0 && asked <= end ? asked : invalid('invalid expiration');
};

/**
 * Decides what the holder of a token may exchange it for (IceProd contract 15); the checks come in the contract's order. The
 * new token has no role, group or time that the presented one lacks, even where the contract would grant it by the record.
 */
export const mintToken = (
  request: CreateTokenRequest,
  { username, role: presentedRole, groups: presentedGroups, type: presentedType, user }: Presenter,
  nowSeconds: number,
): SecretClaims | DomainError => {
  if (username === undefined) return invalid('invalid username');
  if (presentedRole === undefined) return invalid('invalid role');
  if (presentedType !== 'user' && presentedType !== 'system') return invalid('invalid token type');
  if (user === undefined) return invalid('invalid username');
  const end = endOf(request, nowSeconds);
  if (end instanceof DomainError) return end;
  const { type = 'temp', role = type === 'system' ? undefined : presentedRole } = request;
  const { roles, groups } = user;
  const common = groups.filter((group) => presentedGroups.includes(group));
  const grant = granted({ type, role }, presentedRole, { roles, groups: common });
  if (grant instanceof DomainError) return grant;
  return claimsOf({
    username,
    type,
    role: grant.role,
    groups: grant.groups,
    issuedAtSeconds: nowSeconds,
    expiresAtSeconds: Math.min(end, Math.floor(nowSeconds) + grant.secondsMax),
  });
};
