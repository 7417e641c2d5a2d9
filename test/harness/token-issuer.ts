import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export const ISSUER_CLIENT = { id: 'cairn', secret: 'secret of the client' };

/** The parts of an OpenID issuer that credentials need. */
export interface TokenIssuer {
  readonly url: string;
  /** A refresh token that it will take, once: it is replaced at each use. */
  grant(username: string): string;
  /** Forms that were posted, oldest first. */
  readonly forms: readonly Readonly<Record<string, string>>[];
  stop(): Promise<void>;
}

type JsonAnswer = readonly [status: number, body: object];

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const LIFETIME_SECONDS = 3600;

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Looks like a JWT; its signature is never verified where credentials are stored. */
export const tokenWith = (claims: object): string => `${encoded({ alg: 'RS256', kid: 'k' })}.${encoded(claims)}.c2ln`;

const formOf = async (request: IncomingMessage): Promise<Readonly<Record<string, string>>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
};

export const startTokenIssuer = async (): Promise<TokenIssuer> => {
  const forms: Readonly<Record<string, string>>[] = [];
  const grants = new Map<string, string>();
  const tokens = new Map<string, string>();
  let url = '';
  let count = 0;

  const grant = (username: string): string => {
    const token = `refresh-${(count += 1)}`;
    grants.set(token, username);
    return token;
  };

  const issue = (username: string, scope: string | undefined, audience?: string): JsonAnswer => {
    const exp = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
    const access_token = tokenWith({ iss: url, sub: username, exp, scope, aud: audience, jti: (count += 1) });
    tokens.set(access_token, username);
    return [200, { access_token, refresh_token: grant(username), expires_in: LIFETIME_SECONDS, scope }];
  };

  const exchange = (form: Readonly<Record<string, string>>): JsonAnswer => {
    const about = tokens.get(form['subject_token'] ?? '');
    const { scope, audience, requested_subject: subject } = form;
    if (about === undefined) return [400, { error: 'invalid_grant', error_description: form['subject_token'] }];
    if (scope === 'forbidden') return [400, { error: 'invalid_scope', error_description: `Invalid scopes: ${scope}` }];
    return issue(subject ?? about, scope, audience);
  };

  const answer = (form: Readonly<Record<string, string>>): JsonAnswer => {
    const { client_id: id, client_secret: secret, refresh_token: refresh = '' } = form;
    if (id !== ISSUER_CLIENT.id || secret !== ISSUER_CLIENT.secret) return [401, { error: 'invalid_client' }];
    if (form['grant_type'] === 'client_credentials') return issue('service', undefined);
    if (form['grant_type'] === EXCHANGE) return exchange(form);
    const username = grants.get(refresh);
    if (form['grant_type'] !== 'refresh_token' || username === undefined) return [400, { error: 'invalid_grant' }];
    grants.delete(refresh);
    return issue(username, form['scope']);
  };

  const server = createServer((request, response) => {
    void (async () => {
      const form = await formOf(request);
      const isDiscovery = request.url === '/.well-known/openid-configuration';
      if (!isDiscovery) forms.push(form);
      const [status, body] = isDiscovery ? [200, { issuer: url, token_endpoint: `${url}/token` }] : answer(form);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    grant,
    forms,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
