import type { FastifyRequest } from 'fastify';
import { pathOf } from '../edge/url-path.js';
import { RequestSource } from './request-source.js';

const PATH_PARAMETER = /:(\w+)/g;

/**
 * The value of a `Link` header (RFC 8288) that leads to the rest of a list, or to what changes in it: the request once more, as a
 * path on the same host. What it asked in its body stands in the query too, because whoever follows a link sends none.
 *
 * @param parameters that differ from the request's; undefined ones are left out
 */
export const linkTo = (
  rel: 'next' | 'changes',
  request: FastifyRequest,
  parameters: Readonly<Record<string, string | undefined>>,
): string => {
  const { route, url } = request;
  const source = new RequestSource(request);
  const query = new URLSearchParams(url.slice(pathOf(url).length));
  for (const [key, { from, name = key }] of Object.entries(route?.fields ?? {})) {
    const given = from !== 'query' || query.has(name) ? undefined : source.query(name);
    if (given !== undefined) query.set(name, given);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const path = (route?.path ?? '/').replace(PATH_PARAMETER, (_, name: string) => encodeURIComponent(source.path(name)));
  return `<${path}?${query.toString()}>; rel="${rel}"`;
};
