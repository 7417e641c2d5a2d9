import { decodeJwt } from 'jose';
import type { Vo, VoIssuer } from '#contracts/panda/configuration.js';
import { DomainError } from '#platform/domain-error.js';
import type { Claims } from '#platform/tokens/claims.js';
import { IssuerKeys, type KeyLife, withoutSlash } from '#platform/tokens/issuer-keys.js';
import { presentedClaims } from '#platform/tokens/presented.js';
import type { Warn } from '#platform/tokens/scheme.js';
import { LEEWAY_SECONDS, type TokenVerifier } from '#platform/tokens/verifier.js';
import { clientKeysOf } from './membership.js';

type ExternalIssuer = Exclude<VoIssuer, 'cairn'>;

/** A token whose signature and times are good. */
export interface Checked {
  readonly claims: Claims;
  readonly jwtProfile: string | null;
  /** Whether it still holds: that it has not expired, and that nothing is known against it or its key. */
  readonly holds: () => boolean;
}

/** Why a token is not accepted. */
export interface Rejected {
  readonly reason: string;
}

const claimsIn = (token: string): Claims | undefined => {
  try {
    return { ...decodeJwt(token) };
  } catch {
    return undefined;
  }
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Checks tokens of the issuers of VOs (PanDA contract 2.5). */
export class TokenCheck {
  private readonly keys = new Map<string, IssuerKeys>();

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly life: KeyLife,
    private readonly warn: Warn,
  ) {}

  /** @throws (rejects with) DomainError kind `unavailable` when it cannot be known whether the token is good */
  async check(token: string, vo: Vo): Promise<Checked | Rejected> {
    const claims = claimsIn(token);
    if (claims === undefined) return { reason: 'not a token' };
    const { exp } = claims;
    if (typeof exp === 'number' && exp + LEEWAY_SECONDS < Date.now() / 1000) return { reason: 'Signature has expired' };
    const own = vo.issuers.includes('cairn') ? await this.checkOwn(token) : undefined;
    return own ?? this.checkExternal(token, claims, vo);
  }

  /** Undefined when it is no token of Cairn's own key. */
  private async checkOwn(token: string): Promise<Checked | undefined> {
    const authorization = `Bearer ${token}`;
    const identity = await this.verifier.verify(authorization);
    if (identity instanceof DomainError) {
      if (identity.kind === 'unavailable') throw identity;
      return undefined;
    }
    const { kind, claims } = presentedClaims(authorization);
    if (identity.issuer !== undefined || kind === 'secret') return undefined;
    return { claims, jwtProfile: null, holds: () => this.verifier.known(authorization) !== undefined };
  }

  private async checkExternal(token: string, unverified: Claims, vo: Vo): Promise<Checked | Rejected> {
    const clients = clientKeysOf(unverified);
    const issuers = vo.issuers
      .filter((issuer) => issuer !== 'cairn')
      .filter(({ audiences }) => audiences.some((audience) => clients.includes(audience)));
    const { iss } = unverified;
    // Discovery documents stand below their issuer, mostly.
    const isOf = ({ oidc_config_url: url }: ExternalIssuer): boolean =>
      typeof iss === 'string' && url.startsWith(withoutSlash(iss));
    const [first, ...others] = issuers.toSorted((one, other) => Number(isOf(other)) - Number(isOf(one)));
    if (first === undefined) return { reason: rejection(vo, clients) };
    const checked = await this.checkBy(first, token);
    if ('claims' in checked) return checked;
    for (const issuer of others) {
      const other = await this.checkBy(issuer, token);
      if ('claims' in other) return other;
    }
    return checked;
  }

  private async checkBy(issuer: ExternalIssuer, token: string): Promise<Checked | Rejected> {
    const keys = this.keysOf(issuer.oidc_config_url);
    try {
      const claims: Claims = {
        ...(await keys.verify(token, { clockTolerance: LEEWAY_SECONDS, requiredClaims: ['exp', 'sub'] })),
      };
      const generation = keys.generation();
      const untilMs = (Number(claims['exp']) + LEEWAY_SECONDS) * 1000;
      const isUnrevoked = await this.verifier.unlessRevoked(token);
      if (!isUnrevoked()) return { reason: 'the token has been revoked' };
      const holds = () => Date.now() < untilMs && keys.generation() === generation && isUnrevoked();
      return { claims, jwtProfile: issuer.jwt_profile, holds };
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unavailable') throw error;
      return { reason: reasonOf(error) };
    }
  }

  private keysOf(discoveryUrl: string): IssuerKeys {
    const known = this.keys.get(discoveryUrl);
    if (known !== undefined) return known;
    const keys = new IssuerKeys(discoveryUrl, this.life, Date.now, this.warn);
    this.keys.set(discoveryUrl, keys);
    return keys;
  }
}

const rejection = ({ issuers }: Vo, clients: readonly string[]): string =>
  issuers.every((issuer) => issuer === 'cairn')
    ? 'Signature verification failed'
    : `Unknown client : ${clients.join(', ')}`;
