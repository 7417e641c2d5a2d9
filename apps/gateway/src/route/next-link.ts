import type { FastifyRequest } from 'fastify';
import { pathOf } from '../edge/url-path.js';
import { RequestSource } from './request-source.js';

const PATH_PARAMETER = /:(\w+)/g;

/**
 * The value of a `Link` header (RFC 8288) that leads to the rest of a list: the request once more, as a path on the same
 * host. What it asked in its body stands in the query too, because whoever follows a link sends none.
 */
export const nextLink = (request: FastifyRequest, after: string): string => {
  const { route, url } = request;
  const source = new RequestSource(request);
  const query = new URLSearchParams(url.slice(pathOf(url).length));
  for (const [key, { from, name = key }] of Object.entries(route?.fields ?? {})) {
    const given = from !== 'query' || query.has(name) ? undefined : source.query(name);
    if (given !== undefined) query.set(name, given);
  }
  query.set('after', after);
  const path = (route?.path ?? '/').replace(PATH_PARAMETER, (_, name: string) => encodeURIComponent(source.path(name)));
  return `<${path}?${query.toString()}>; rel="next"`;
};
