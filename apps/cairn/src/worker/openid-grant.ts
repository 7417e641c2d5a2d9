import { readFile, rename, writeFile } from 'node:fs/promises';
import { trimEnd } from '#platform/trim-characters.js';
import {
  type AccessToken,
  accessToken,
  hasExpired,
  TokenRefused,
  type TokenSource,
  TokenUnavailable,
} from './token-source.js';

/** How a worker gets tokens from an OpenID issuer. Files are read at each renewal. */
export type Grant =
  | { readonly type: 'client_credentials'; readonly clientId: string; readonly clientSecretFile: string }
  | {
      readonly type: 'refresh_token';
      readonly clientId: string;
      /** For confidential clients. */
      readonly clientSecretFile: string | undefined;
      /** Contains the refresh token of a device grant. New refresh tokens are written back. */
      readonly refreshTokenFile: string;
    };

const REQUEST_TIMEOUT_MS = 30_000;
/** A token is renewed this long before it expires, or after half of its lifetime if that is later. */
const RENEW_BEFORE_MS = 60_000;
const DISCOVERY_PATH = '/.well-known/openid-configuration';

type Fields = Readonly<Record<string, unknown>>;

const textIn = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const fieldsOf = (text: string): Fields => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

const secretIn = async (file: string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new TokenRefused((error as Error).message);
  }
};

/** Writes a temporary file and renames it, so that no process reads half a token. */
const writeSecret = async (file: string, text: string): Promise<void> => {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, `${text}\n`, { mode: 0o600 });
  await rename(part, file);
};

/** Gets tokens from an OpenID issuer and renews them before they expire. */
export class OpenIdGrant implements TokenSource {
  private token: AccessToken | undefined;
  private renewAtMs = 0;
  private renewing: Promise<AccessToken> | undefined;
  private endpoint: string | undefined;

  /** @param issuer address that `/.well-known/openid-configuration` stands below */
  constructor(
    private readonly issuer: string,
    private readonly grant: Grant,
  ) {}

  async current(): Promise<AccessToken> {
    const { token } = this;
    if (token !== undefined && Date.now() < this.renewAtMs) return token;
    try {
      return await this.renew();
    } catch (error) {
      // While the issuer is unavailable, the old token is still valid.
      if (error instanceof TokenUnavailable && token !== undefined && !hasExpired(token)) return token;
      throw error;
    }
  }

  async replace(refused: AccessToken): Promise<AccessToken | undefined> {
    const token = this.token?.text === refused.text ? await this.renew() : await this.current();
    return token.text === refused.text ? undefined : token;
  }

  canRenew(): boolean {
    return true;
  }

  /** Requests that need a new token at the same time share one renewal. */
  private renew(): Promise<AccessToken> {
    this.renewing ??= this.requestToken().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async requestToken(): Promise<AccessToken> {
    const answer = this.grant.type === 'client_credentials' ? await this.clientToken() : await this.refreshedToken();
    const text = textIn(answer, 'access_token');
    if (text === undefined) throw new TokenRefused(`${this.issuer} answered without a token`);
    const token = accessToken(text);
    const lifeSeconds = Number(answer['expires_in']);
    const lifeMs =
      token.expiresMs !== undefined
        ? token.expiresMs - Date.now()
        : Number.isFinite(lifeSeconds)
          ? lifeSeconds * 1000
          : 0;
    this.renewAtMs = Date.now() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2);
    this.token = token;
    return token;
  }

  private async clientToken(): Promise<Fields> {
    const { clientId } = this.grant;
    const client_secret = await secretIn(this.grant.clientSecretFile ?? '');
    return this.ask({ grant_type: 'client_credentials', client_id: clientId, client_secret, scope: 'offline_access' });
  }

  private async refreshedToken(): Promise<Fields> {
    if (this.grant.type !== 'refresh_token') throw new TypeError('not a refresh grant');
    const { clientId, clientSecretFile, refreshTokenFile } = this.grant;
    const refreshToken = await secretIn(refreshTokenFile);
    const answer = await this.ask(
      { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, scope: '' },
      clientSecretFile === undefined ? undefined : `${clientId}:${await secretIn(clientSecretFile)}`,
    );
    const next = textIn(answer, 'refresh_token');
    if (next !== undefined && next !== refreshToken) await writeSecret(refreshTokenFile, next);
    return answer;
  }

  private async ask(form: Readonly<Record<string, string>>, basic?: string): Promise<Fields> {
    this.endpoint ??= await this.discover();
    const { status, text } = await this.fetch(this.endpoint, {
      method: 'POST',
      // The secrets are for this address only.
      redirect: 'error',
      body: new URLSearchParams(form),
      ...(basic !== undefined && { headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } }),
    });
    const answer = fieldsOf(text);
    if (status === 200) return answer;
    const reason = [textIn(answer, 'error'), textIn(answer, 'error_description')].filter(Boolean).join(': ');
    throw new TokenRefused(`${this.endpoint} gives no token: ${String(status)} ${reason}`.trimEnd());
  }

  private async discover(): Promise<string> {
    const url = trimEnd(this.issuer, '/') + DISCOVERY_PATH;
    const { status, text } = await this.fetch(url, {});
    const endpoint = textIn(fieldsOf(text), 'token_endpoint');
    if (endpoint === undefined) throw new TokenRefused(`${url} names no token endpoint (status ${String(status)})`);
    return endpoint;
  }

  /** @throws TokenUnavailable when there is no answer, or a temporary error */
  private async fetch(url: string, init: RequestInit): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      const text = await response.text();
      if (response.status < 500 && response.status !== 429) return { status: response.status, text };
      throw new Error(`status ${String(response.status)}`);
    } catch (error) {
      const { message, cause } = error as Error;
      throw new TokenUnavailable(`${url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
}
