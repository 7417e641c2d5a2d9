import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JWK, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { trimEnd } from '../trim-characters.js';
import type { Warn } from './scheme.js';

/** How long an external issuer may take: less than any dialect's deadline. */
const ISSUER_TIMEOUT_MS = 3_000;
/** An issuer that failed, or did not know a key, is left alone for so long, or until its keys are due if that is sooner. */
const RETRY_AFTER_MS = 5_000;

/** How long the keys of an issuer are trusted (milliseconds). */
export interface KeyLife {
  /** Keys are fetched again when they are older. A withdrawn key is trusted for so long. */
  readonly refreshMs: number;
  /** Keys that could not be fetched again are trusted for so long. */
  readonly trustedMs: number;
}

/** Metadata that an issuer publishes. */
interface Described {
  /** As its tokens name it. */
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
  /** Text of the keys, to recognize a change. */
  readonly text: string;
}

/** Issuers are the same with and without a slash at the end. */
export const withoutSlash = (url: string): string => trimEnd(url, '/');

/** Issuers are named with and without a slash at the end. */
const spellingsOf = (issuer: string): string[] => [withoutSlash(issuer), `${withoutSlash(issuer)}/`];

/**
 * The keys of an OpenID issuer. Its metadata and keys are fetched when first needed and again when they are older than `refreshMs`; meanwhile
 * the known ones are used, so that no request waits for a slow issuer. Keys older than `trustedMs` are not used any more.
 */
export class IssuerKeys {
  private known: Described | undefined;
  private fetchedAtMs = Number.NEGATIVE_INFINITY;
  private changes = 0;
  private fetching: Promise<Described> | undefined;
  private askAgainAtMs = Number.NEGATIVE_INFINITY;
  private readonly retryAfterMs: number;

  /**
   * @param discoveryUrl of the document that describes the issuer
   * @param issuer that the document must name; without it, whichever it names
   */
  constructor(
    private readonly discoveryUrl: string,
    private readonly life: KeyLife,
    private readonly nowMs: () => number,
    private readonly warn: Warn,
    private readonly issuer?: string,
  ) {
    this.retryAfterMs = Math.min(RETRY_AFTER_MS, life.refreshMs);
  }

  /** Changes whenever tokens that were verified before must be verified again. Reading it may start a renewal in the background. */
  generation(): number {
    this.refreshWhenDue();
    if (this.known !== undefined && this.age() >= this.life.trustedMs) {
      this.known = undefined;
      this.changes += 1;
    }
    return this.changes;
  }

  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    this.generation();
    const described = this.known ?? (await this.fetching);
    if (described === undefined) throw new Error('The issuer is not available');
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
    const { payload } = await jwtVerify(token, keys, {
      ...options,
      algorithms: ['RS256', 'RS512'],
      issuer: spellingsOf(issuer),
    });
    return payload;
  }

  private age(): number {
    return this.nowMs() - this.fetchedAtMs;
  }

  private refreshWhenDue(): void {
    if (this.age() >= this.life.refreshMs && this.mayAsk()) void this.fetch();
  }

  private mayAsk(): boolean {
    return this.fetching === undefined && this.nowMs() >= this.askAgainAtMs;
  }

  private fetch(): Promise<Described> {
    this.askAgainAtMs = this.nowMs() + this.retryAfterMs;
    const fetching = this.describe()
      .then((described) => {
        this.fetchedAtMs = this.nowMs();
        if (this.known !== undefined && described.text !== this.known.text) this.changes += 1;
        return (this.known = described);
      })
      .finally(() => (this.fetching = undefined));
    this.fetching = fetching;
    fetching.catch((error: unknown) => {
      this.askAgainAtMs = this.nowMs() + this.retryAfterMs;
      this.warn({ issuer: this.issuer ?? this.discoveryUrl, error }, 'Issuer not available');
    });
    return fetching;
  }

  private async describe(): Promise<Described> {
    // Both documents together may take so long.
    const signal = AbortSignal.timeout(ISSUER_TIMEOUT_MS);
    const read = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
      const response = await fetch(url, { signal, redirect: 'error' });
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      return (await response.json()) as Readonly<Record<string, unknown>>;
    };
    const { issuer, jwks_uri: keySet } = await read(this.discoveryUrl);
    if (typeof issuer !== 'string') throw new Error('Discovery names no issuer');
    if (this.issuer !== undefined && withoutSlash(issuer) !== withoutSlash(this.issuer)) {
      throw new Error('Discovery names another issuer');
    }
    if (typeof keySet !== 'string') throw new Error('Discovery names no key set');
    const { keys } = await read(keySet);
    if (!Array.isArray(keys)) throw new Error('The key set holds no keys');
    return { issuer, keys: createLocalJWKSet({ keys: keys as JWK[] }), text: JSON.stringify(keys) };
  }
}
