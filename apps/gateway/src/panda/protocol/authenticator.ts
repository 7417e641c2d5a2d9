import type { FastifyRequest } from 'fastify';
import type { Principal } from '#contracts/panda/principal.js';

/** Finds out who makes a request. */
export interface Authenticator {
  /**
   * Undefined when the request shows no identity.
   *
   * @throws (rejects with) HttpError 403 when the identity is not accepted, or banned (contract 1.2)
   */
  principalOf(request: FastifyRequest): Promise<Principal | undefined>;
}
