import type { FastifyRequest } from 'fastify';
import { clientOf } from '#platform/network-client.js';

/** Who answers for the memory that a request's body takes. */
export const payerOf = ({ ip, caller }: FastifyRequest): string =>
  caller === null || caller.subject === '' ? `address ${clientOf(ip)}` : `${caller.issuer ?? ''} ${caller.subject}`;
