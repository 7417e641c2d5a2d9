import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { BodyAccount, type BodyBudget } from '../body/body-budget.js';
import { payerOf } from '../body/payer.js';
import type { AnyRoute } from '../route/route.js';
import { routerPathOf } from '../route/serves.decorator.js';
import type { OwnProtocol } from './own-protocol.js';
import type { SendError } from './send-error.js';
import { pathOf } from './url-path.js';

/** Methods that a protocol gets; for others there is no route in any dialect. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What a dialect declares about its paths. */
interface ServedPaths {
  readonly routes: readonly AnyRoute[];
  readonly rewriteUrl?: (url: string, headers: IncomingHttpHeaders) => string;
}

/** Lets a protocol serve every path of its dialect's routes. */
export const serveProtocol = (
  instance: FastifyInstance,
  { routes, rewriteUrl }: ServedPaths,
  protocol: OwnProtocol,
  budget: BodyBudget,
  sendError: SendError,
): void => {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      const account = new BodyAccount(budget, payerOf(request), reply.raw);
      const body = await protocol.serve(request, reply, account);
      void reply.send(body);
    } catch (error) {
      sendError(request, reply, error);
    }
    await reply;
  };
  const served = new Map(routes.map((route) => [routerPathOf(route), route]));
  for (const [url, route] of served) {
    // A path that is rewritten never arrives.
    if (pathOf(rewriteUrl?.(url, {}) ?? url) !== url) continue;
    instance.route({ method: METHODS, url, config: { route, protocol }, handler });
  }
};
