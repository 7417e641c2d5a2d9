import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Log } from '#platform/logging.js';
import type { SigningKey } from '#platform/tokens/signing-key.js';
import type { Claims } from '#platform/tokens/claims.js';
import { type AdapterOptions, KeepAdapter, REFRESH_SECONDS } from './keep-adapter.js';
import { codePage, confirmPage, logoutPage, messagePage, OUT_OF_ORDER, PAGE_HEADERS, TOO_LATE } from './pages.js';
import { INTERACTION_PATH, PATHS, USERINFO_PATH } from './web-request.js';

/** What access tokens are good for. */
const RESOURCE = 'urn:cairn:api';
const AUDIENCE = 'iceprod';
const SCOPES = ['openid', 'offline_access', 'profile', 'email', 'groups', 'posix', 'institutions'] as const;
const ALL_SCOPES = SCOPES.join(' ');

const ACCESS_SECONDS = 3600;
const CODE_SECONDS = 60;
const DEVICE_SECONDS = 600;
const LOGIN_SECONDS = 600;
const SESSION_SECONDS = 24 * 3600;

export interface ProviderOptions extends AdapterOptions {
  /** Where Cairn is reached; the realm's issuer stands below. */
  readonly publicUrl: string;
  /** The first one signs. */
  readonly keys: readonly SigningKey[];
  /** Signs cookies. */
  readonly cookieKey: string;
  /** Required of tokens by this Cairn, besides the usual one. */
  readonly audience: string | undefined;
  /** Claims of a user; undefined when there is no such user any more. */
  readonly claimsOf: (username: string) => Claims | undefined;
  /** Told from which address a code was sent that nobody was given. */
  readonly wrongCode: (address: string) => void;
  readonly log: Pick<Log, 'error'>;
}

const show = (ctx: Pick<KoaContextWithOIDC, 'set' | 'body'>, html: string): void => {
  ctx.set(PAGE_HEADERS);
  ctx.body = html;
};

/** What is wrong with a code, by the library's names of errors. */
const CODE_TROUBLES: Readonly<Record<string, string>> = {
  NoCodeError: 'Please type the code that your program shows.',
  NotFoundError: 'This code is not known, or no longer.',
  ExpiredError: 'This code has ended. Start your program again to get another one.',
  AlreadyUsedError: 'This code was used already. Start your program again to get another one.',
};

/** The code page, and where browsers go on after the login. */
const OF_A_SESSION = new RegExp(`^(${PATHS.code_verification}(/[^/]+)?|${PATHS.authorization}/[^/]+)$`);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Everything that tokens say about their holder. */
const extraClaims = async (
  { claimsOf, clients }: ProviderOptions,
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
    preferred_username: `service-account-${clientId}`,
    groups: [],
    ...(client?.isSystem === true && { resource_access: { iceprod: { roles: ['iceprod-system'] } } }),
  };
};

/** The person consents by logging in, and to everything: what a token may do follows from its holder, not from its scopes. */
const grantAll = async ({ oidc }: KoaContextWithOIDC) => {
  const { client, session, provider } = oidc;
  const { accountId } = session ?? {};
  if (client === undefined || accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  grant.addOIDCScope(ALL_SCOPES);
  grant.addResourceScope(RESOURCE, ALL_SCOPES);
  await grant.save();
  return grant;
};

const configurationOf = (options: ProviderOptions, base: string, policy: PolicyOf): Configuration => ({
  adapter: (kind: string) => new KeepAdapter(options, kind),
  jwks: { keys: options.keys.map(({ privateJwk }) => privateJwk) },
  routes: PATHS,
  discovery: { userinfo_endpoint: `${options.publicUrl}/auth/realms/${options.realm}${USERINFO_PATH}` },
  scopes: [...SCOPES],
  claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
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
    return claims === undefined ? undefined : { accountId, claims: () => ({ sub: accountId, ...claims }) };
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
    DeviceCode: DEVICE_SECONDS,
    Interaction: LOGIN_SECONDS,
    // Of people who look at a page and go, little is kept.
    Session: (_ctx, { accountId }) => (accountId === undefined ? LOGIN_SECONDS : SESSION_SECONDS),
    RefreshToken: REFRESH_SECONDS,
    Grant: REFRESH_SECONDS,
  },
  formats: {
    customizers: {
      jwt: (_ctx, _token, { payload }) => {
        const { audience } = options;
        payload['aud'] = audience === undefined || audience === AUDIENCE ? [AUDIENCE] : [AUDIENCE, audience];
      },
    },
  },
  renderError: (ctx, { error, error_description: text }) => {
    show(ctx, messagePage('This did not work', textOf(text) || error));
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
      getResourceServerInfo: () => ({
        scope: ALL_SCOPES,
        audience: AUDIENCE,
        accessTokenTTL: ACCESS_SECONDS,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
    deviceFlow: {
      enabled: true,
      mask: '****-****',
      userCodeInputSource: (ctx, _form, out, problem) => {
        const { state } = (ctx.oidc.session ?? {}) as { state?: { secret?: unknown } };
        const name = (problem as { name?: unknown } | undefined)?.name;
        if (name === 'AbortedError') {
          show(ctx, messagePage('Refused', 'The program gets no access. You can close this page.'));
          return;
        }
        if (name === 'NotFoundError') options.wrongCode(ctx.ip);
        const isAsked = problem === undefined && out === undefined;
        const text = isAsked ? undefined : (CODE_TROUBLES[String(name)] ?? 'This page was too old. Please try again.');
        if (text !== undefined) ctx.status = 400;
        const action = `${base}${PATHS.code_verification}`;
        const typed = textOf(ctx.query['code']) || textOf((problem as { userCode?: unknown } | undefined)?.userCode);
        show(ctx, codePage(action, textOf(state?.secret), typed, text));
      },
      userCodeConfirmSource: (ctx, form, client, _info, code) =>
        show(ctx, confirmPage(form, client.clientId, code, ctx.oidc.session?.accountId)),
      successSource: (ctx) => {
        const { session, client } = ctx.oidc;
        const who = `${client?.clientId ?? 'The program'} acts for ${session?.accountId ?? 'you'} now.`;
        show(ctx, messagePage('You are logged in', `${who} Go back to it; you can close this page.`));
      },
    },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, { clientId }) => clientId === client.clientId,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => show(ctx, logoutPage(form)),
      postLogoutSuccessSource: async (ctx) => {
        const { accountId } = await ctx.oidc.provider.Session.get(ctx);
        show(
          ctx,
          accountId === undefined
            ? messagePage('You are logged out', 'You can close this page.')
            : messagePage('You are still logged in', `As ${accountId}. You can close this page.`),
        );
      },
    },
  },
});

type PolicyOf = NonNullable<NonNullable<Configuration['interactions']>['policy']>;

/** Path of a realm as browsers see it. */
export const basePathOf = (publicUrl: string, realm: string): string =>
  `${new URL(publicUrl).pathname.replace(/\/+$/, '')}/auth/realms/${realm}`;

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
      show(ctx, isTooLate ? TOO_LATE : OUT_OF_ORDER);
    }
  });
  provider.on('server_error', (_ctx: unknown, error: unknown) => {
    options.log.error({ error }, 'OpenID provider failed');
  });
  return provider;
};
