import type { FastifyRequest } from 'fastify';
import { RequestSource } from './request-source.js';

const PATH_PARAMETER = /:(\w+)/g;

/**
 * The value of a `Link` header (RFC 8288) to the rest of a list or to its changes: the path and query that repeat the request.
 * Parameters of the body move to the query, because clients follow links without a body. Parameters that the route does not
 * know are left out: clients limit the size of headers.
 *
 * @param parameters that differ from those of the request; undefined ones are left out
 */
export const linkTo = (
  rel: 'next' | 'changes',
  request: FastifyRequest,
  parameters: Readonly<Record<string, string | undefined>>,
): string => {
  const { route } = request;
  const source = new RequestSource(request);
  const query = new URLSearchParams();
  for (const [key, { from, name = key }] of Object.entries(route?.fields ?? {})) {
    const given = from === 'query' ? source.query(name) : undefined;
    if (given !== undefined) query.set(name, given);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const path = (route?.path ?? '/').replace(PATH_PARAMETER, (_, name: string) => encodeURIComponent(source.path(name)));
  return `<${path}?${query.toString()}>; rel="${rel}"`;
};
