import { withoutSlash } from '#platform/tokens/issuer-keys.js';
import type { WebRequest } from '#contracts/openid.js';
import { hashSecret } from '../account/clients.js';

/** A name begins with a letter, digit or underscore: `..` would be another path to browsers. */
const REALM = /^\/+auth\/+realms\/+(\w[\w.-]{0,63})(\/[^?]*)(\?.*)?$/;
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/** Where the provider stands below its realm. */
export const PATHS = {
  authorization: '/protocol/openid-connect/auth',
  token: '/protocol/openid-connect/token',
  jwks: '/protocol/openid-connect/certs',
  device_authorization: '/protocol/openid-connect/auth/device',
  code_verification: '/device',
  revocation: '/protocol/openid-connect/revoke',
  end_session: '/protocol/openid-connect/logout',
} as const;
export const USERINFO_PATH = '/protocol/openid-connect/userinfo';
export const INTERACTION_PATH = '/interaction';

/** A parameter that may be missing, or come several times. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Which realm is asked for what. */
export interface Asked {
  readonly realm: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export const askedOf = (url: string): Asked | undefined => {
  const [, realm, path, query = ''] = REALM.exec(url) ?? [];
  // What is escaped or doubled would be one path to the gateway and another one to the provider.
  if (realm === undefined || path === undefined || path.includes('%') || path.includes('//')) return undefined;
  return { realm, path, query: new URLSearchParams(query) };
};

/**
 * The URL that clients know Cairn by. A host name that anybody could have put into a request names no issuer: only addresses,
 * this machine and the name that Cairn listens on do without `PUBLIC_URL`.
 */
export const publicUrlOf = (
  host: string | undefined,
  { PUBLIC_URL, HOST }: { readonly PUBLIC_URL?: string; readonly HOST: string },
): string | undefined => {
  if (PUBLIC_URL !== undefined) return withoutSlash(PUBLIC_URL);
  if (host === undefined) return undefined;
  const isOurs = LOCAL_HOST.test(host) || host.replace(/:\d{1,5}$/, '') === HOST;
  return isOurs && URL.canParse(`http://${host}`) ? `http://${host.toLowerCase()}` : undefined;
};

/** Clients send a trailing blank (IceProd contract 3); an empty scope is none. */
const tidyScope = (form: URLSearchParams): void => {
  const scope = form.get('scope');
  if (scope === null) return;
  const tidy = scope
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
  if (tidy === '') form.delete('scope');
  else form.set('scope', tidy);
};

/** There is no page for consent: whoever logs in for a registered client consents. */
const tidyPrompt = (form: URLSearchParams): void => {
  const prompt = form.get('prompt');
  if (prompt === null) return;
  const rest = prompt.split(' ').filter((word) => word !== 'consent' && word !== '');
  if (rest.length === 0) form.delete('prompt');
  else form.set('prompt', rest.join(' '));
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
};

const credentialsOf = (authorization: string | undefined): readonly [id: string, secret: string] | undefined => {
  const encoded = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : [decoded(text.slice(0, colon)), decoded(text.slice(colon + 1))];
};

/** The secret that a request shows. */
export interface ShownSecret {
  readonly clientId: string;
  readonly secretHash: string;
}

const basic = ({ clientId, secretHash }: ShownSecret): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secretHash)}`).toString('base64')}`;

/** A client may show its secret in the form or by Basic authentication, whichever it likes. It is taken out of the form. */
const takeSecret = (form: URLSearchParams, authorization: string | undefined): ShownSecret | undefined => {
  const shown = credentialsOf(authorization);
  const [clientId, secret] = shown ?? [form.get('client_id'), form.get('client_secret')];
  if (clientId === null || secret === null) return undefined;
  if (shown === undefined) form.delete('client_secret');
  return { clientId, secretHash: hashSecret(secret) };
};

/** No request of OpenID has so many. */
const PARAMETERS_MAX = 100;
/** Parameters are kept while a person logs in. */
const CHARACTERS_MAX = 8 * 1024;

/** A request as the provider shall get it. */
export interface Tidied {
  readonly asked: Asked;
  readonly method: 'GET' | 'POST';
  readonly form: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  readonly secret?: ShownSecret;
}

/** The provider would answer a code in the URL with a page that sends itself by script; ours shows the code and waits for the person. */
const tidyCode = (query: URLSearchParams): void => {
  const code = query.get('user_code');
  if (code !== null) query.set('code', code);
  query.delete('user_code');
};

export const tidied = (asked: Asked, { method: verb, headers, body, address }: WebRequest): Tidied => {
  const method = verb === 'POST' ? 'POST' : 'GET';
  const form = new URLSearchParams(method === 'POST' ? body : '');
  for (const values of [form, asked.query]) {
    tidyScope(values);
    tidyPrompt(values);
  }
  if (asked.path === PATHS.code_verification && method === 'GET') tidyCode(asked.query);
  if (asked.path === PATHS.device_authorization && !form.has('scope')) form.set('scope', 'offline_access');
  const { authorization: given, ...rest } = headers;
  const secret = asked.path === USERINFO_PATH ? undefined : takeSecret(form, given);
  // Only hashes of secrets are kept, so the provider gets hashes to compare.
  const authorization = secret === undefined ? given : basic(secret);
  return {
    ...{ asked, method, form, address },
    ...(secret !== undefined && { secret }),
    headers: { ...rest, ...(authorization !== undefined && { authorization }) },
  };
};

/** The provider's time grows with the square of the number of parameters, and it keeps some of them. */
export const isTooLarge = ({ asked, form }: Tidied): boolean =>
  [asked.query, form].some(({ size }) => size > PARAMETERS_MAX) ||
  asked.query.toString().length + form.toString().length > CHARACTERS_MAX;
