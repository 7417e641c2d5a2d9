import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Log } from '#platform/logging.js';
import { dialectOf, PROBLEMS } from './dialects.js';
import { reasonPhrase } from './reason-phrase.js';
import { HttpRefusal, refusalOf } from './refusal.js';

/** The path of a URL, without query and fragment. */
export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
};

/** So long what comes behind a refused part of a body is let through. */
const LINGER_MS = 30_000;

const arrived = async (request: IncomingMessage): Promise<void> => {
  if (request.complete) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LINGER_MS);
  request.once('end', resolve).once('close', resolve).resume();
  await promise;
  clearTimeout(timer);
};

/** A client that sends all before it reads must not be cut off meanwhile: it would never read the answer. */
async function* lingering(body: string, request: IncomingMessage): AsyncGenerator<string, void, void> {
  yield body;
  await arrived(request);
}

/** Clients break off; that is no fault of ours, and nobody waits for the answer. */
const BROKEN_OFF = refusalOf(new HttpRefusal(400, 'body broke off'));

/** Answers an error in the shape of the path's dialect. The only place that sets a reason phrase. */
export const sendProblem = (request: FastifyRequest, reply: FastifyReply, error: unknown, log?: Log): void => {
  const cause = refusalOf(error);
  const refusal = cause.kind === 'internal' && request.raw.readableAborted ? BROKEN_OFF : cause;
  if (refusal.kind === 'internal') {
    // Without the query, which may hold what is nobody's business.
    log?.error(
      { error, method: request.method, path: pathOf(request.url), correlationId: request.id },
      'request failed',
    );
  }
  if (reply.sent || reply.raw.headersSent) {
    // Half an answer is out: only a broken connection tells the client.
    reply.raw.destroy();
    return;
  }
  const { status, reason, contentType, body } =
    PROBLEMS[request.route?.dialect ?? dialectOf(pathOf(request.url))](refusal);
  reply.raw.statusMessage = reasonPhrase(reason);
  void reply.code(status).headers({ ...refusal.headers, 'content-type': contentType });
  if (status === 413) {
    void reply
      .header('content-length', Buffer.byteLength(body))
      .send(Readable.from(lingering(body, request.raw), { objectMode: false }));
  } else void reply.send(body);
};
