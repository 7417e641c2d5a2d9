import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JWK, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { trimEnd } from '../trim-characters.js';
import type { Scheme, Warn } from './scheme.js';

/** Patience with an external issuer: less than any dialect's deadline. */
const ISSUER_TIMEOUT_MS = 3_000;
/** An issuer that failed, or did not know a key, is left alone for so long. */
const RETRY_AFTER_MS = 5_000;
/** The metadata and keys of an issuer are fetched again after this time: revoked keys are accepted until then. */
const DESCRIPTION_AGE_MAX_MS = 600_000;

/** Metadata that an issuer publishes. */
interface Described {
  /** As its tokens name it. */
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/** Issuers are the same with and without a slash at the end. */
export const withoutSlash = (url: string): string => trimEnd(url, '/');

/**
 * An external OpenID issuer. Its metadata and keys are fetched when first needed and renewed from time to time, while what is known goes on
 * counting: nobody waits for an issuer that is slow, and its outage ends no token whose key is known.
 */
export class ExternalIssuer implements Scheme {
  readonly trust = 'external';
  readonly checksAudience = true;
  private known: Described | undefined;
  private fetching: Promise<Described> | undefined;
  private renewAtMs = Number.NEGATIVE_INFINITY;
  private askAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly url: string,
    private readonly nowMs: () => number,
    private readonly warn: Warn,
  ) {}

  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const described = await this.described();
    try {
      return await this.verifyBy(described, token, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // It may have rotated its keys.
      const renewing = this.fetching ?? (this.mayAsk() ? this.fetch() : undefined);
      if (renewing === undefined) throw error;
      return this.verifyBy(await renewing, token, options);
    }
  }

  private async verifyBy({ issuer, keys }: Described, token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, keys, { ...options, algorithms: ['RS256', 'RS512'], issuer });
    return payload;
  }

  private async described(): Promise<Described> {
    const isDue = this.nowMs() >= this.renewAtMs && this.mayAsk();
    const fetching = isDue ? this.fetch() : this.fetching;
    const described = this.known ?? (await fetching);
    if (described === undefined) throw new Error('The issuer is not available');
    return described;
  }

  private mayAsk(): boolean {
    return this.fetching === undefined && this.nowMs() >= this.askAgainAtMs;
  }

  private fetch(): Promise<Described> {
    this.askAgainAtMs = this.nowMs() + RETRY_AFTER_MS;
    const fetching = this.describe()
      .then((described) => {
        this.renewAtMs = this.nowMs() + DESCRIPTION_AGE_MAX_MS;
        return (this.known = described);
      })
      .finally(() => (this.fetching = undefined));
    this.fetching = fetching;
    fetching.catch((error: unknown) => {
      this.askAgainAtMs = this.nowMs() + RETRY_AFTER_MS;
      this.warn({ issuer: this.url, error }, 'Issuer not available');
    });
    return fetching;
  }

  private async describe(): Promise<Described> {
    // One patience for both documents.
    const signal = AbortSignal.timeout(ISSUER_TIMEOUT_MS);
    const read = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
      const response = await fetch(url, { signal });
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      return (await response.json()) as Readonly<Record<string, unknown>>;
    };
    const { issuer, jwks_uri: keySet } = await read(`${withoutSlash(this.url)}/.well-known/openid-configuration`);
    if (typeof issuer !== 'string' || withoutSlash(issuer) !== withoutSlash(this.url)) {
      throw new Error('Discovery names another issuer');
    }
    if (typeof keySet !== 'string') throw new Error('Discovery names no key set');
    const { keys } = await read(keySet);
    if (!Array.isArray(keys)) throw new Error('The key set holds no keys');
    return { issuer, keys: createLocalJWKSet({ keys: keys as JWK[] }) };
  }
}
