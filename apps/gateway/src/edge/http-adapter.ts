import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Environment } from '#platform/environment.js';
import { UPLOAD_TYPE } from '../route/uploads.js';
import { drainConnectionsOnClose } from './connection-draining.js';
import { answerConnectionErrors, answerUnroutable } from './connection-errors.js';
import { correlationIdOf } from './correlation-id.js';
import { crossOriginHeaders } from './cross-origin.js';
import type { DialectTable } from './dialect-table.js';
import { errorSender } from './send-error.js';
import { pathOf } from './url-path.js';

/** Largest body of a request: log uploads and bulk routes are large (IceProd contract 1.1.8). */
export const BODY_BYTES_MAX = 128 * 1024 * 1024;
/** Larger bodies are handled in a turn of the event loop of their own. */
const LARGE_BODY_BYTES = 256 * 1024;
/** Tokens with many groups are long, and so are lists in query strings. */
const HEADER_BYTES_MAX = 64 * 1024;
const PARAMETER_CHARACTERS_MAX = 1024;
/** A request must have arrived within this time, body included. */
const REQUEST_TIMEOUT_MS = 300_000;

/** Bodies arrive as bytes, whatever their content type: routes know what they take, and nothing else parses. */
class GatewayAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    const instance = this.getInstance();
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => {
      // Joining the chunks of a large body takes as long as parsing it: other requests get their turn in between.
      if (body.length > LARGE_BODY_BYTES) setImmediate(done, null, body);
      else done(null, body);
    });
    instance.addContentTypeParser(UPLOAD_TYPE, (_request, stream, done) => {
      done(null, stream);
    });
  }
}

/** Fastify with the limits and parsers that all dialects share. */
export const createHttpAdapter = (
  { TRUSTED_PROXIES, CORS_ORIGINS }: Pick<Environment, 'TRUSTED_PROXIES' | 'CORS_ORIGINS'>,
  dialects: DialectTable,
): FastifyAdapter => {
  const allowOrigin = crossOriginHeaders(CORS_ORIGINS);
  const sendError = errorSender(dialects);
  const adapter = new GatewayAdapter({
    trustProxy: TRUSTED_PROXIES.length > 0 && [...TRUSTED_PROXIES],
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: correlationIdOf,
    http: { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false },
    rewriteUrl: ({ url = '/' }) => dialects.rewriteUrl(url),
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
