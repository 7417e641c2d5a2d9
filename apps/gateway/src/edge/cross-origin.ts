import type { FastifyReply, FastifyRequest } from 'fastify';

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Correlation-ID',
  'access-control-max-age': '86400',
} as const;

/** Lets web pages of the given origins call the API and read its errors; `*` is any origin. */
export const crossOriginHeaders = (
  origins: readonly string[],
): ((request: FastifyRequest, reply: FastifyReply) => void) => {
  const isOpen = origins.includes('*');
  return (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    if (!isOpen) reply.header('vary', 'Origin');
    if (!isOpen && !origins.includes(origin)) return;
    reply.header('access-control-allow-origin', isOpen ? '*' : origin);
    reply.header('access-control-expose-headers', 'Cairn-Position, Link, Location, Retry-After');
    if (request.method === 'OPTIONS') reply.headers(PREFLIGHT);
  };
};
