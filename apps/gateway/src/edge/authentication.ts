import type { onRequestHookHandler } from 'fastify';
import type { Caller } from '#bus/contract.js';
import { withCorrelation } from '#platform/correlation.js';
import { DomainError } from '#platform/domain-error.js';
import type { Identity } from '#platform/tokens/claims.js';
import type { TokenVerifier } from '#platform/tokens/verifier.js';
import type { Policy } from '../route/route.js';
import type { LocalCallerOf } from './local-access.js';
import { HttpError } from './request-error.js';
import type { SendError } from './send-error.js';

type Restricted = Exclude<Policy, 'public'>;

const ANONYMOUS: Caller = { subject: '', username: '', roles: [], groups: [] };

/** Checks the token and its roles against a route's policy. Needs only the request's header. */
export class Authentication {
  /** The verifier returns the same identity for the same token, so the caller that a route makes of it is computed once. */
  private readonly callers = new WeakMap<Identity, Map<readonly string[], Caller>>();

  constructor(private readonly verifier: TokenVerifier) {}

  /**
   * Returns synchronously for tokens that were verified before.
   *
   * @throws DomainError `authentication failed`, `authorization failed`; a promise rejects with it
   */
  authenticate(policy: Policy, authorization: string | undefined): Caller | Promise<Caller> {
    if (policy === 'public') return ANONYMOUS;
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
      throw new DomainError('forbidden', 'auth.role', 'authorization failed', { roles: allowed });
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

/** Authenticates before the body is read, so that nobody uploads 100 MiB only to be rejected. */
export const requestAuthentication =
  (authentication: Authentication, localCallerOf: LocalCallerOf, sendError: SendError): onRequestHookHandler =>
  (request, reply, done) => {
    const { route } = request;
    if (route === null) {
      sendError(request, reply, new HttpError(404, 'Not Found'));
      return;
    }
    const proceed = (caller: Caller): void => {
      request.caller = caller;
      withCorrelation(request.id, done);
    };
    const { protocol } = request.routeOptions.config;
    const local = route.policy === 'public' || protocol !== undefined ? undefined : localCallerOf(request);
    if (local !== undefined) {
      proceed(local);
      return;
    }
    try {
      const caller =
        protocol?.authenticate(request) ?? authentication.authenticate(route.policy, request.headers.authorization);
      if (caller instanceof Promise) caller.then(proceed, (error: unknown) => sendError(request, reply, error));
      else proceed(caller);
    } catch (error) {
      sendError(request, reply, error);
    }
  };
