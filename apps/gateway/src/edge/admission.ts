import type { Caller } from '#bus/contract.js';
import { DomainError } from '#platform/domain-error.js';
import type { Identity } from '#platform/tokens/claims.js';
import type { TokenVerifier } from '#platform/tokens/verifier.js';
import type { Policy } from '../route/route.js';

type Restricted = Exclude<Policy, 'public'>;

const NOBODY: Caller = { subject: '', username: '', roles: [], groups: [] };

/** Lets callers in whose token grants one of the route's roles, or any token where the route says so; nothing of the request but its header has been read. */
export class Admission {
  /** The verifier gives the same identity for the same token, so what a route makes of it is worked out once. */
  private readonly callers = new WeakMap<Identity, Map<readonly string[], Caller>>();

  constructor(private readonly verifier: TokenVerifier) {}

  /**
   * Answers at once for tokens seen before.
   *
   * @throws DomainError `authentication failed`, `authorization failed`; a promise rejects with it
   */
  admit(policy: Policy, authorization: string | undefined): Caller | Promise<Caller> {
    if (policy === 'public') return NOBODY;
    const known = authorization === undefined ? undefined : this.verifier.known(authorization);
    return known === undefined ? this.verify(policy, authorization) : this.callerOf(known, policy);
  }

  private async verify(policy: Restricted, authorization: string | undefined): Promise<Caller> {
    const identity = await this.verifier.verify(authorization);
    if (identity instanceof DomainError) throw identity;
    return this.callerOf(identity, policy);
  }

  /** Effective roles are those of the token that the route allows (IceProd contract 2.2). */
  private callerOf(identity: Identity, { roles: allowed, anyToken }: Restricted): Caller {
    const callers = this.callersOf(identity);
    let caller = callers.get(allowed);
    if (caller === undefined) {
      caller = { ...identity, roles: identity.roles.filter((role) => allowed.includes(role)).sort() };
      callers.set(allowed, caller);
    }
    if (caller.roles.length === 0 && anyToken !== true)
      throw new DomainError('forbidden', 'auth.role', 'authorization failed');
    return caller;
  }

  private callersOf(identity: Identity): Map<readonly string[], Caller> {
    const known = this.callers.get(identity);
    if (known !== undefined) return known;
    const callers = new Map<readonly string[], Caller>();
    this.callers.set(identity, callers);
    return callers;
  }
}
