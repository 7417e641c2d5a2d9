import type { Configuration, Provider } from 'oidc-provider';
import type { Log } from '#platform/logging.js';
import { withoutSlash } from '#platform/tokens/issuer-keys.js';
import type { SigningKey } from '#platform/tokens/signing-key.js';
import { ANONYMOUS_SECONDS } from './anonymous-records.js';
import { deviceFlow } from './device-pages.js';
import {
  ACCESS_SECONDS,
  audienceOf,
  extraClaims,
  grantAll,
  type Holders,
  RESOURCE,
  resourceServer,
  SCOPES,
} from './grants.js';
import { type AdapterOptions, KeyValueAdapter, REFRESH_SECONDS } from './key-value-adapter.js';
import { logout } from './logout-pages.js';
import { messagePage, OUT_OF_ORDER, TOO_LATE } from './pages.js';
import { showIn } from './show-page.js';
import { INTERACTION_PATH, PATHS, textOf, USERINFO_PATH } from './web-request.js';

const CODE_SECONDS = 60;
const SESSION_SECONDS = 24 * 3600;

interface ProviderOptions extends AdapterOptions, Holders {
  /** Address of Cairn; the realm's issuer is below it. */
  readonly publicUrl: string;
  /** The first one signs. */
  readonly keys: readonly SigningKey[];
  /** Signs cookies. */
  readonly cookieKey: string;
  /** Required of tokens by this Cairn, besides the usual one. */
  readonly audience: string | undefined;
  readonly log: Pick<Log, 'error'>;
}

/** The code page, and where browsers go on after the login. */
const OF_A_SESSION = new RegExp(`^(${PATHS.code_verification}(/[^/]+)?|${PATHS.authorization}/[^/]+)$`);

type PolicyOf = NonNullable<NonNullable<Configuration['interactions']>['policy']>;

const configurationOf = (options: ProviderOptions, base: string, policy: PolicyOf): Configuration => ({
  adapter: (kind: string) => new KeyValueAdapter(options, kind),
  jwks: { keys: options.keys.map(({ privateJwk }) => privateJwk) },
  routes: PATHS,
  discovery: { userinfo_endpoint: `${options.publicUrl}/auth/realms/${options.realm}${USERINFO_PATH}` },
  scopes: [...SCOPES],
  // panda-client shows its ID token to services, reads its name, and asks for no scope of groups.
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], groups: ['groups'] },
  responseTypes: ['code'],
  // Secrets of forms arrive as Basic authentication (see web-request.ts).
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
  clientBasedCORS: () => false,
  pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
  rotateRefreshToken: false,
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  loadExistingGrant: grantAll,
  extraTokenClaims: (_ctx, token) => extraClaims(options, token),
  findAccount: (_ctx, accountId) => {
    const claims = options.claimsOf(accountId);
    const all = { sub: accountId, name: accountId, ...claims };
    return claims === undefined ? undefined : { accountId, claims: () => all };
  },
  interactions: { policy, url: (_ctx, { uid }) => `${base}${INTERACTION_PATH}/${uid}` },
  cookies: {
    keys: [options.cookieKey],
    long: { signed: true, httpOnly: true, sameSite: 'lax', path: base },
    short: { signed: true, httpOnly: true, sameSite: 'lax' },
  },
  ttl: {
    AccessToken: ACCESS_SECONDS,
    ClientCredentials: ACCESS_SECONDS,
    IdToken: ACCESS_SECONDS,
    AuthorizationCode: CODE_SECONDS,
    DeviceCode: ANONYMOUS_SECONDS,
    Interaction: ANONYMOUS_SECONDS,
    // Sessions without a login end soon.
    Session: (_ctx, { accountId }) => (accountId === undefined ? ANONYMOUS_SECONDS : SESSION_SECONDS),
    RefreshToken: REFRESH_SECONDS,
    // Lives on with its refresh token once its code is exchanged (see key-value-adapter.ts).
    Grant: ANONYMOUS_SECONDS,
  },
  formats: {
    customizers: {
      jwt: (_ctx, _token, { payload }) => {
        payload['aud'] = audienceOf(options.audience);
        // Exact to the millisecond, as a revocation is.
        payload['iat'] = Date.now() / 1000;
      },
    },
  },
  renderError: (ctx, { error, error_description: text }) => {
    showIn(ctx, messagePage('This did not work', textOf(text) || error));
  },
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: false },
    // Served beside the provider, because its own takes no tokens that are good for something else.
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: resourceServer,
    },
    deviceFlow: deviceFlow(base),
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, { clientId }) => clientId === client.clientId,
    },
    rpInitiatedLogout: logout,
  },
});

/** Path of a realm as browsers see it. */
export const basePathOf = (publicUrl: string, realm: string): string =>
  `${withoutSlash(new URL(publicUrl).pathname)}/auth/realms/${realm}`;

/** Loads the library, which start-up must not wait for. */
export const makeProvider = async (options: ProviderOptions): Promise<Provider> => {
  const { Provider: OpenIdProvider, interactionPolicy } = await import('oidc-provider');
  const policy = interactionPolicy.base();
  policy.remove('consent');
  const base = basePathOf(options.publicUrl, options.realm);
  const issuer = `${options.publicUrl}/auth/realms/${options.realm}`;
  const provider = new OpenIdProvider(issuer, configurationOf(options, base, policy));
  // Requests come with forwarding headers of our own making and no others.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      // The library stumbles over browsers that it gave no session: sent here by another site, or back after all is over.
      const isTooLate = error instanceof TypeError && OF_A_SESSION.test(ctx.path);
      if (!isTooLate) options.log.error({ error, path: ctx.path }, 'OpenID provider failed');
      ctx.status = isTooLate ? 400 : 500;
      showIn(ctx, isTooLate ? TOO_LATE : OUT_OF_ORDER);
    }
  });
  provider.on('server_error', (_ctx: unknown, error: unknown) => {
    options.log.error({ error }, 'OpenID provider failed');
  });
  return provider;
};
