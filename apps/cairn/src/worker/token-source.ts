import { readFile } from 'node:fs/promises';

/** A bearer token and its expiry, if known. */
export interface AccessToken {
  readonly text: string;
  readonly expiresMs: number | undefined;
}

/** No token is available at the moment; a retry may succeed. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
}

/** No token will become available: the issuer has refused, or the only token has expired. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** Source of a worker's bearer tokens. */
export interface TokenSource {
  /**
   * The token to send with a request.
   *
   * @throws TokenUnavailable, TokenRefused
   */
  current(): Promise<AccessToken>;
  /**
   * A new token, after the server has refused this one. `undefined` when there is none.
   *
   * @throws TokenUnavailable when another one may appear later; TokenRefused
   */
  replace(refused: AccessToken): Promise<AccessToken | undefined>;
  /** Whether units may be claimed that outlast the current token. */
  canRenew(): boolean;
}

/** The `exp` of a JSON Web Token in milliseconds; `undefined` for other tokens and for those that do not expire. */
const expiryOf = (token: string): number | undefined => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const seconds = typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) : NaN;
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
};

export const accessToken = (text: string): AccessToken => ({ text, expiresMs: expiryOf(text) });

export const hasExpired = ({ expiresMs }: AccessToken): boolean => expiresMs !== undefined && expiresMs <= Date.now();

/** One token that never changes. */
export class FixedToken implements TokenSource {
  private readonly token: AccessToken;

  constructor(text: string) {
    this.token = accessToken(text);
  }

  current(): Promise<AccessToken> {
    return Promise.resolve(this.token);
  }

  replace(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  canRenew(): boolean {
    return false;
  }
}

/** A file with a token. It is read for each request, so that other programs can renew the token. */
export class TokenFile implements TokenSource {
  private readonly seen = new Set<string>();

  constructor(private readonly file: string) {}

  async current(): Promise<AccessToken> {
    let text: string;
    try {
      text = (await readFile(this.file, 'utf8')).trim();
    } catch (error) {
      throw new TokenUnavailable(`the token file cannot be read: ${(error as Error).message}`);
    }
    if (text === '') throw new TokenUnavailable(`the token file ${this.file} is empty`);
    // Two different tokens prove that the file is renewed.
    if (this.seen.size < 2) this.seen.add(text);
    return accessToken(text);
  }

  async replace(refused: AccessToken): Promise<AccessToken | undefined> {
    const token = await this.current();
    if (token.text !== refused.text) return token;
    if (hasExpired(token)) throw new TokenUnavailable(`the token in ${this.file} has ended`);
    return undefined;
  }

  /** Only a file that has been rewritten before is known to be renewed. */
  canRenew(): boolean {
    return this.seen.size > 1;
  }
}
