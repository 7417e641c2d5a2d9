import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Environment } from '#platform/environment.js';
import { drainConnectionsOnClose } from './connection-draining.js';
import { answerConnectionErrors, answerUnroutable } from './connection-errors.js';
import { correlationIdOf } from './correlation-id.js';
import { crossOriginHeaders } from './cross-origin.js';
import type { DialectTable } from './dialect-table.js';
import { errorSender } from './send-error.js';
import { pathOf } from './url-path.js';

/** Tokens with many groups are long, and so are lists in query strings. */
const HEADER_BYTES_MAX = 64 * 1024;
const PARAMETER_CHARACTERS_MAX = 1024;
/** A request must have arrived within this time, body included; `SlowBodies` ends those that drip. */
const REQUEST_TIMEOUT_MS = 300_000;

/** Bodies come as streams, whatever their content type: `requestReading` knows what each route takes. */
class GatewayAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    const instance = this.getInstance();
    instance.removeAllContentTypeParsers();
    // Fastify takes JSON from a map; for what only the asterisk matches it reads the content type of each request.
    instance.addContentTypeParser(['application/json', '*'], (_request, stream, done) => done(null, stream));
  }
}

/** Fastify with the limits and parsers that all dialects share. */
export const createHttpAdapter = (
  {
    TRUSTED_PROXIES,
    CORS_ORIGINS,
    REQUEST_STALL_SECONDS,
  }: Pick<Environment, 'TRUSTED_PROXIES' | 'CORS_ORIGINS' | 'REQUEST_STALL_SECONDS'>,
  dialects: DialectTable,
): FastifyAdapter => {
  const allowOrigin = crossOriginHeaders(CORS_ORIGINS);
  const sendError = errorSender(dialects);
  const adapter = new GatewayAdapter({
    trustProxy: TRUSTED_PROXIES.length > 0 && [...TRUSTED_PROXIES],
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: correlationIdOf,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false,
      headersTimeout: REQUEST_STALL_SECONDS * 1000,
      connectionsCheckingInterval: REQUEST_STALL_SECONDS * 100,
    },
    rewriteUrl: ({ url = '/', headers }: IncomingMessage) => dialects.rewriteUrl(url, headers),
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX, ignoreDuplicateSlashes: true },
    clientErrorHandler: answerConnectionErrors(dialects.fallback),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // The router could not read the URL, so no hook has run.
      reply.headers(dialects.dialectOf(pathOf(request.url)).headers);
      allowOrigin(request, reply);
      sendError(request, reply, error);
    },
  });
  const instance = adapter.getInstance();
  // GET may carry a JSON body with arguments (IceProd contract 1.1.3).
  instance.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  answerUnroutable(instance.server, dialects.fallback);
  drainConnectionsOnClose(instance);
  return adapter;
};
