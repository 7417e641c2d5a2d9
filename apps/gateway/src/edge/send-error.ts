import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '#platform/logging.js';
import type { DialectTable } from './dialect-table.js';
import { reasonPhrase } from './reason-phrase.js';
import { HttpError, requestErrorOf } from './request-error.js';
import { pathOf } from './url-path.js';

/** A client that breaks off is not an error of the server, and nobody waits for the response. */
const BROKEN_OFF = requestErrorOf(new HttpError(400, 'body broke off'));

export type SendError = (request: FastifyRequest, reply: FastifyReply, error: unknown) => void;

/** Makes the function that answers errors in the shape of the path's dialect. The only place that sets a reason phrase. */
export const errorSender =
  (dialects: DialectTable, log?: Log): SendError =>
  (request, reply, thrown) => {
    const cause = requestErrorOf(thrown);
    const error = cause.kind === 'internal' && request.raw.readableAborted ? BROKEN_OFF : cause;
    const path = pathOf(request.url);
    if (error.kind === 'internal') {
      // The query stays out of the log: it may hold secrets.
      log?.error({ error: thrown, method: request.method, path, correlationId: request.id }, 'request failed');
    }
    if (reply.sent || reply.raw.headersSent) {
      // Part of a response is out: only a broken connection tells the client.
      reply.raw.destroy();
      return;
    }
    const dialect = request.dialect ?? dialects.dialectOf(path);
    const { status, reason, contentType, body } = dialect.errorResponse(error, path);
    // The response that failed may have been about to be compressed.
    reply.removeHeader('content-encoding').raw.statusMessage = reasonPhrase(reason);
    void reply.code(status).headers({ ...error.headers, 'content-type': contentType });
    void reply.send(body);
  };
