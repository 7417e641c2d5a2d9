import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#contracts/panda/principal.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { RecentMap } from '#platform/recent-map.js';
import { TokenVerifier } from '#platform/tokens/verifier.js';
import { HttpError } from '../../edge/request-error.js';
import type { Authenticator } from '../protocol/authenticator.js';
import { type Certificate, certificateReader } from './certificate-headers.js';
import { askedBy, dnOf, grantedBy } from './membership.js';
import { principalOf, type RoleRules } from './principal.js';
import { TokenCheck } from './token-check.js';
import { type Directory, VoDirectory } from './vo-directory.js';

/** For so long a decision counts (PanDA contract 2.5). */
const DECISION_MS = 600_000;
const DECISIONS_MAX = 20_000;

/** Holders of certificates that are known. */
const HOLDERS_MAX = 20_000;

/** Longer tokens are not even parsed. */
const TOKEN_CHARACTERS_MAX = 64 * 1024;

const BEARER = /^bearer\s+(\S+)\s*$/i;
const IS_BEARER = /^bearer\b/i;

interface Decision {
  readonly principal: Principal;
  /** That it was made by. */
  readonly directory: Directory;
  readonly untilMs: number;
  readonly holds: () => boolean;
}

/** The principal that a certificate stands for, as long as the directory stays the same. */
interface Holder {
  readonly principal: Principal;
  readonly directory: Directory;
}

const unlessBanned = (principal: Principal, { banned }: Directory): Principal => {
  if (banned.has(principal.name)) throw new HttpError(403, `ERROR : ${principal.name} is banned`);
  return principal;
};

const rejected = (reason: string): HttpError => new HttpError(403, `ERROR : Token authentication failed. ${reason}`);

/** Turns a token, or what a trusted proxy tells of a certificate, into a principal (PanDA contract 1.2, 2). */
@Injectable()
export class PandaAuthentication implements Authenticator {
  private readonly decisions = new RecentMap<Decision>(DECISIONS_MAX);
  private readonly holders = new RecentMap<Holder>(HOLDERS_MAX);
  private readonly tokens: TokenCheck;
  private readonly certificateOf: ReturnType<typeof certificateReader>;

  constructor(
    private readonly environment: Environment,
    private readonly directory: VoDirectory,
    verifier: TokenVerifier,
    log: Log,
  ) {
    const life = {
      refreshMs: environment.OIDC_KEYS_REFRESH_SECONDS * 1000,
      trustedMs: environment.OIDC_KEYS_TRUSTED_SECONDS * 1000,
    };
    this.tokens = new TokenCheck(verifier, life, (details, message) => log.warn(details, message));
    this.certificateOf = certificateReader(environment);
  }

  async principalOf(request: FastifyRequest): Promise<Principal | undefined> {
    const { authorization, origin } = request.headers;
    const isToken = authorization !== undefined && IS_BEARER.test(authorization);
    const certificate = isToken ? undefined : this.certificateOf(request);
    if (!isToken && certificate === undefined) return undefined;
    const directory = await this.directory.current();
    const principal =
      certificate === undefined
        ? await this.byToken(authorization ?? '', origin, directory)
        : this.byCertificate(certificate, directory);
    return unlessBanned(principal, directory);
  }

  /**
   * Whom a token stands for in a VO, for requests of another API than PanDA's.
   *
   * @param origin as PanDA's clients name the VO, and perhaps a role of it
   */
  async principalIn(authorization: string, origin: string): Promise<Principal> {
    const directory = await this.directory.current();
    return unlessBanned(await this.byToken(authorization, origin, directory), directory);
  }

  /** Pilots send the same certificate with each request. */
  private byCertificate({ dn, fqans }: Certificate, directory: Directory): Principal {
    const key = [dn, ...fqans].join('\n');
    const known = this.holders.get(key);
    if (known?.directory === directory) return known.principal;
    const principal = principalOf(dn, fqans, this.rulesOf(directory));
    this.holders.set(key, { principal, directory });
    return principal;
  }

  private async byToken(authorization: string, origin: string | undefined, directory: Directory): Promise<Principal> {
    if (origin === undefined || origin === '') throw rejected('Origin header is missing');
    const key = `${origin}\n${authorization}`;
    const known = this.decisions.get(key);
    if (known?.directory === directory && Date.now() < known.untilMs && known.holds()) return known.principal;
    this.decisions.delete(key);
    const decision = await this.decide(authorization, origin, directory);
    this.decisions.set(key, decision);
    return decision.principal;
  }

  private async decide(authorization: string, origin: string, directory: Directory): Promise<Decision> {
    const token = authorization.length > TOKEN_CHARACTERS_MAX ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined) throw rejected('not a token');
    const asked = askedBy(origin);
    const vo = directory.vos.get(asked.vo);
    if (vo === undefined) throw rejected(`Unknown vo : ${asked.vo}`);
    const checked = await this.tokens.check(token, vo);
    if ('reason' in checked) throw rejected(checked.reason);
    const { claims, jwtProfile, holds } = checked;
    const granted = grantedBy(claims, jwtProfile, vo, asked.role);
    if ('reason' in granted) throw rejected(granted.reason);
    const principal = principalOf(dnOf(claims), granted.fqans, this.rulesOf(directory));
    if (principal.name === '') throw rejected('the token names nobody');
    return { principal, directory, untilMs: Date.now() + DECISION_MS, holds };
  }

  private rulesOf({ vos }: Directory): RoleRules {
    return { roles: (vo) => vos.get(vo), productionDns: this.environment.PANDA_PRODUCTION_DNS };
  }
}
