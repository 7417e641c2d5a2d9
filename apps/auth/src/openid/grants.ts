import type { KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import type { Claims } from '#platform/tokens/claims.js';
import { SERVICE_ACCOUNT_PREFIX } from '#platform/tokens/user-name.js';
import { WORKER_ROLE } from '#contracts/leases.js';
import type { Clients } from '../account/clients.js';

/** Access tokens, ID tokens and what services get for themselves live so long. */
export const ACCESS_SECONDS = 3600;

/** What access tokens are good for. */
export const RESOURCE = 'urn:cairn:api';
const AUDIENCE = 'iceprod';
export const SCOPES = ['openid', 'offline_access', 'profile', 'email', 'groups', 'posix', 'institutions'] as const;
const ALL_SCOPES = SCOPES.join(' ');

/** Who the holders of tokens are. */
export interface Holders {
  readonly clients: Clients;
  /** Claims of a user; undefined when there is no such user any more. */
  readonly claimsOf: (username: string) => Claims | undefined;
}

/** Access tokens are JWTs for this API. */
export const resourceServer = (): ResourceServer => ({
  scope: ALL_SCOPES,
  audience: AUDIENCE,
  accessTokenTTL: ACCESS_SECONDS,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
});

/** @param required of tokens by this Cairn, besides the usual one */
export const audienceOf = (required: string | undefined): readonly string[] =>
  required === undefined || required === AUDIENCE ? [AUDIENCE] : [AUDIENCE, required];

/** Everything that tokens say about their holder. */
export const extraClaims = async (
  { claimsOf, clients }: Holders,
  token: { readonly clientId?: string | undefined; readonly accountId?: string },
): Promise<Record<string, unknown>> => {
  const { clientId = '', accountId } = token;
  if (accountId !== undefined) {
    // The subject is set by the library and may not come twice.
    const claims = Object.entries(claimsOf(accountId) ?? {}).filter(([name]) => name !== 'sub');
    return { ...Object.fromEntries(claims), azp: clientId };
  }
  const client = await clients.find(clientId);
  return {
    azp: clientId,
    preferred_username: SERVICE_ACCOUNT_PREFIX + clientId,
    groups: [],
    ...(client?.isSystem === true && { resource_access: { iceprod: { roles: ['iceprod-system'] } } }),
    ...(client?.isWorker === true && { role: WORKER_ROLE }),
  };
};

/** The person consents by logging in, and to everything: what a token may do follows from its holder, not from its scopes. */
export const grantAll = async ({ oidc }: KoaContextWithOIDC) => {
  const { client, session, provider } = oidc;
  const { accountId } = session ?? {};
  if (client === undefined || accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  grant.addOIDCScope(ALL_SCOPES);
  grant.addResourceScope(RESOURCE, ALL_SCOPES);
  await grant.save();
  return grant;
};
