import { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import type { CryptoKey, JWK, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { DomainError } from '../domain-error.js';
import { RecentMap } from '../recent-map.js';
import { cairnIdentityReader, type ExternalSource, type Identity } from './claims.js';
import { ExternalIssuer } from './external-issuer.js';
import { type KeyLife, withoutSlash } from './issuer-keys.js';
import type { RevocationSource } from './revocations.js';
import type { Scheme, Warn } from './scheme.js';
import { OWN_ISSUER } from './signing-key.js';

/** Issuer of tokens signed with the shared secret. */
export const SHARED_SECRET_ISSUER = 'IceProd';

/** Tolerated difference between clocks, for `exp`, `nbf` and `iat`. */
export const LEEWAY_SECONDS = 60;
/** Verified tokens remembered. */
const REMEMBERED_MAX = 20_000;
/** No usable token is longer; longer ones are not even parsed. */
const TOKEN_CHARACTERS_MAX = 64 * 1024;
/** The source of own keys is near, so it is asked again soon. */
const OWN_RETRY_AFTER_MS = 250;
/** Own keys are fetched again when they are older, so that a deleted key is refused after this time. */
const OWN_REFRESH_MS = 30_000;
/** The secret may have been changed where it is known, so tokens that were checked there are checked again after this time. */
const RECHECK_MS = 300_000;
/** Until keys of external issuers are fetched again, and until they are no longer trusted. */
const DEFAULT_KEY_LIFE: KeyLife = { refreshMs: 300_000, trustedMs: 3_600_000 };

export const authenticationFailed = (): DomainError =>
  new DomainError('unauthenticated', 'auth.failed', 'authentication failed');

/** The token is good, but it is not known whether it has been revoked. */
const revocationsUnknown = (): DomainError =>
  new DomainError('unavailable', 'auth.revocations-unknown', 'revoked tokens are not known', { retryAfterSeconds: 1 });

export interface TokenVerifierOptions {
  /** Public keys of Cairn itself, asked for again when a token names an unknown one. */
  readonly ownKeys: () => Promise<readonly JWK[]>;
  /** Accepts HS512 tokens of this secret. */
  readonly sharedSecret?: string | undefined;
  /** Asked about HS512 tokens when the secret is not known here: resolves with the claims of a good one, else rejects. */
  readonly checkSecretToken?: (token: string) => Promise<JWTPayload>;
  /** Where Cairn's own OpenID provider is reached; without it, wherever it was reached. */
  readonly publicUrl?: string | undefined;
  /** External OpenID issuers. */
  readonly issuers?: readonly ExternalSource[] | undefined;
  /** How long keys of those issuers are trusted. */
  readonly keyLife?: KeyLife | undefined;
  /** Must be among the audiences of all tokens. */
  readonly audience?: string | undefined;
  /** Without it no token counts as revoked. */
  readonly revocations?: RevocationSource | undefined;
  readonly nowMs?: () => number;
  /** Told why a token was refused for a reason that is not the token's: an issuer that cannot be reached. */
  readonly warn?: Warn;
}

interface Remembered {
  readonly identity: Identity;
  readonly untilMs: number;
  readonly scheme: Scheme;
  /** Of the scheme, when the token was verified. */
  readonly generation: number;
}

/** Tokens signed with Cairn's own key. */
class OwnKeys implements Scheme {
  readonly identityOf = cairnIdentityReader();
  private keys = new Map<string, CryptoKey>();
  private fetching: Promise<void> | undefined;
  private fetchedAtMs = Number.NEGATIVE_INFINITY;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private changes = 0;

  constructor(
    private readonly source: () => Promise<readonly JWK[]>,
    private readonly nowMs: () => number,
    private readonly warn: Warn,
  ) {}

  generation(): number {
    const isDue = this.keys.size > 0 && this.nowMs() - Math.max(this.fetchedAtMs, this.askedAtMs) >= OWN_REFRESH_MS;
    // Keys that cannot be fetched stay: their source is Cairn itself, and it changes nothing while it is down.
    if (isDue) this.fetch().catch(() => undefined);
    return this.changes;
  }

  async verify(token: string, options: JWTVerifyOptions, issuer = OWN_ISSUER): Promise<JWTPayload> {
    this.generation();
    const keyOf: JWTVerifyGetKey = ({ kid }) => this.keyOf(kid ?? '');
    const { payload } = await jwtVerify(token, keyOf, { ...options, algorithms: ['RS256'], issuer });
    return payload;
  }

  /** @throws (rejects) when the keys cannot be fetched */
  async has(kid: string): Promise<boolean> {
    try {
      await this.keyOf(kid);
      return true;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return false;
      throw error;
    }
  }

  private async keyOf(kid: string): Promise<CryptoKey> {
    const known = this.keys.get(kid);
    if (known !== undefined) return known;
    if (this.nowMs() - this.fetchedAtMs >= OWN_RETRY_AFTER_MS) await this.fetch();
    else await this.fetching;
    const key = this.keys.get(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  }

  private fetch(): Promise<void> {
    this.askedAtMs = this.nowMs();
    this.fetching ??= this.replaceKeys()
      .catch((error: unknown) => {
        this.warn({ error }, 'Own keys not available');
        throw error;
      })
      .finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async replaceKeys(): Promise<void> {
    const keys = await Promise.all(
      (await this.source()).map(async (jwk): Promise<readonly [string, CryptoKey][]> => {
        const key = await importJWK(jwk, 'RS256');
        return jwk.kid === undefined || key instanceof Uint8Array ? [] : [[jwk.kid, key]];
      }),
    );
    const next = new Map(keys.flat());
    // The id of a key is a hash of it.
    if ([...this.keys.keys()].some((kid) => !next.has(kid))) this.changes += 1;
    this.keys = next;
    this.fetchedAtMs = this.nowMs();
  }
}

/** Path of the issuers of the embedded OpenID provider, one for each realm. */
const REALM_PATH = /\/auth\/realms\/\w[\w.-]*$/;

/** Access tokens of the embedded OpenID provider: signed with the same key, but its ID tokens, which are too, are no access tokens. */
class OwnProvider implements Scheme {
  readonly identityOf = cairnIdentityReader();
  private readonly base: string | undefined;

  constructor(
    private readonly own: OwnKeys,
    publicUrl: string | undefined,
  ) {
    this.base = publicUrl === undefined ? undefined : withoutSlash(publicUrl);
  }

  issued(issuer: string): boolean {
    const path = REALM_PATH.exec(issuer);
    return path !== null && (this.base === undefined || issuer.slice(0, path.index) === this.base);
  }

  generation(): number {
    return this.own.generation();
  }

  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const { iss = '' } = decodeJwt(token);
    return this.own.verify(token, { ...options, typ: 'at+jwt' }, iss);
  }
}

/** Tokens signed with the secret that is shared with their issuer (kind B of IceProd contract 2.1). */
class SharedSecret implements Scheme {
  readonly identityOf = cairnIdentityReader();
  private readonly key: Uint8Array;

  constructor(secret: string) {
    this.key = new TextEncoder().encode(secret);
  }

  generation(): number {
    return 0;
  }

  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.key, {
      ...options,
      algorithms: ['HS512'],
      issuer: SHARED_SECRET_ISSUER,
    });
    return payload;
  }
}

/** As {@link SharedSecret}, where somebody else knows the secret. */
class SecretElsewhere implements Scheme {
  readonly identityOf = cairnIdentityReader();

  constructor(
    private readonly check: (token: string) => Promise<JWTPayload>,
    private readonly nowMs: () => number,
  ) {}

  generation(): number {
    return Math.floor(this.nowMs() / RECHECK_MS);
  }

  async verify(token: string, { audience }: JWTVerifyOptions): Promise<JWTPayload> {
    const payload = await this.check(token);
    const { aud = [] } = payload;
    const isForUs = typeof audience !== 'string' || [aud].flat().includes(audience);
    if (!isForUs) throw new errors.JWTClaimValidationFailed('unexpected "aud" claim value', payload, 'aud');
    return payload;
  }
}

/** `Bearer` in any case, then a token in three parts. */
const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;

/**
 * Turns an `Authorization` header into the identity that it proves. Verified headers are remembered until their tokens
 * expire, so that a client that calls often costs one look-up a call.
 */
export class TokenVerifier {
  private readonly remembered = new RecentMap<Remembered>(REMEMBERED_MAX);
  private readonly nowMs: () => number;
  private readonly audience: string | undefined;
  private readonly revocations: RevocationSource | undefined;
  private readonly own: OwnKeys;
  private readonly provider: OwnProvider;
  private readonly shared: Scheme | undefined;
  private readonly external: ReadonlyMap<string, ExternalIssuer>;

  constructor({
    ownKeys,
    sharedSecret,
    checkSecretToken,
    publicUrl,
    issuers = [],
    keyLife = DEFAULT_KEY_LIFE,
    audience,
    revocations,
    nowMs = Date.now,
    warn = () => undefined,
  }: TokenVerifierOptions) {
    this.nowMs = nowMs;
    this.audience = audience;
    this.revocations = revocations;
    this.own = new OwnKeys(ownKeys, nowMs, warn);
    this.provider = new OwnProvider(this.own, publicUrl);
    if (sharedSecret !== undefined) this.shared = new SharedSecret(sharedSecret);
    else if (checkSecretToken !== undefined) this.shared = new SecretElsewhere(checkSecretToken, nowMs);
    this.external = new Map(issuers.map((source) => [source.issuer, new ExternalIssuer(source, keyLife, nowMs, warn)]));
  }

  /** The identity of a header that was verified before and whose token still holds. */
  known(authorization: string): Identity | undefined {
    const found = this.remembered.get(authorization);
    if (found === undefined) return undefined;
    const { identity, untilMs, scheme, generation } = found;
    const holds = this.nowMs() < untilMs && scheme.generation() === generation && !this.isRevoked(identity);
    if (holds && this.revocations?.isCurrent() !== false) return identity;
    if (!holds) this.remembered.delete(authorization);
    return undefined;
  }

  /**
   * Refuses with `authentication failed` whatever is not a good token (IceProd contract 2.1); a refusal of the source of
   * Cairn's own keys is passed on, because then nothing is known about the token. Unavailable while revocations are not known.
   */
  async verify(authorization: string | undefined): Promise<Identity | DomainError> {
    if (authorization === undefined || authorization.length > TOKEN_CHARACTERS_MAX) return authenticationFailed();
    return this.known(authorization) ?? (await this.verifyUnknown(authorization));
  }

  /**
   * Tells of a good token of another issuer for how long it holds. ID tokens of Cairn's own provider are no tokens for Cairn, but whoever takes them
   * as those of any issuer is to refuse them with all others of their holder, and with their key; so are tokens of persons whom Cairn knows by an
   * external issuer.
   *
   * @throws (rejects with) DomainError kind `unavailable` while it is not known which tokens have been revoked
   */
  async unlessRevoked(token: string): Promise<() => boolean> {
    const claims = decodeJwt(token);
    const { iat } = claims;
    const subject = await this.accountOf(token, claims);
    if (subject === undefined || iat === undefined) return () => true;
    if (this.revocations?.isCurrent() === false) await this.revocations.refresh();
    if (this.revocations?.isCurrent() === false) throw revocationsUnknown();
    const generation = this.own.generation();
    const issued = { subject, tokenIssuedAtMs: iat * 1000 };
    return () =>
      this.own.generation() === generation && this.revocations?.isCurrent() !== false && !this.isRevoked(issued);
  }

  /** The account of Cairn that a good token of another issuer speaks for; undefined when it is none of Cairn's. */
  private async accountOf(token: string, claims: JWTPayload): Promise<string | undefined> {
    const { iss = '', sub } = claims;
    const { kid } = decodeProtectedHeader(token);
    // Tokens of others do not depend on whether Cairn's own keys can be fetched.
    const isOwn = kid !== undefined && this.provider.issued(iss) && (await this.own.has(kid));
    return isOwn ? sub : this.external.get(withoutSlash(iss))?.identityOf(claims)?.subject;
  }

  private isRevoked({ subject, tokenIssuedAtMs }: Pick<Identity, 'subject' | 'tokenIssuedAtMs'>): boolean {
    return this.revocations?.isRevoked(subject, tokenIssuedAtMs) === true;
  }

  private async verifyUnknown(authorization: string): Promise<Identity | DomainError> {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return authenticationFailed();
    try {
      const scheme = this.schemeOf(token);
      if (scheme === undefined) return authenticationFailed();
      const generation = scheme.generation();
      const payload = await scheme.verify(token, {
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(this.nowMs()),
        requiredClaims: ['exp', 'iat', 'sub'],
        ...(this.audience !== undefined && { audience: this.audience }),
      });
      if (this.revocations?.isCurrent() === false) await this.revocations.refresh();
      return this.accept(authorization, payload, scheme, generation);
    } catch (error) {
      return error instanceof DomainError ? error : authenticationFailed();
    }
  }

  /** The header and issuer only choose what the signature is checked with; each scheme pins its algorithms. */
  private schemeOf(token: string): Scheme | undefined {
    if (decodeProtectedHeader(token).alg === 'HS512') return this.shared;
    const { iss } = decodeJwt(token);
    if (iss === undefined) return undefined;
    if (iss === OWN_ISSUER) return this.own;
    return this.external.get(withoutSlash(iss)) ?? (this.provider.issued(iss) ? this.provider : undefined);
  }

  private accept(
    authorization: string,
    payload: JWTPayload,
    scheme: Scheme,
    generation: number,
  ): Identity | DomainError {
    const { iat = Number.NaN, exp = 0 } = payload;
    // `iat` is compared nowhere else: without a maximum age the library lets tokens of the future pass.
    if (!(iat <= this.nowMs() / 1000 + LEEWAY_SECONDS)) return authenticationFailed();
    const identity = scheme.identityOf(payload);
    if (identity === undefined || this.isRevoked(identity)) return authenticationFailed();
    if (this.revocations?.isCurrent() === false) return revocationsUnknown();
    const untilMs = (exp + LEEWAY_SECONDS) * 1000;
    this.remembered.set(authorization, { identity, untilMs, scheme, generation });
    return identity;
  }
}
