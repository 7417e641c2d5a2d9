import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '#platform/logging.js';
import { dialectOf, PROBLEMS } from './dialects.js';
import { reasonPhrase } from './reason-phrase.js';
import { refusalOf } from './refusal.js';

export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
};

/** Answers an error in the shape of the path's dialect. The only place that sets a reason phrase. */
export const sendProblem = (request: FastifyRequest, reply: FastifyReply, error: unknown, log?: Log): void => {
  const refusal = refusalOf(error);
  if (refusal.kind === 'internal') {
    log?.error({ error, method: request.method, url: request.url, correlationId: request.id }, 'request failed');
  }
  if (reply.sent || reply.raw.headersSent) {
    // Half an answer is out: only a broken connection tells the client.
    reply.raw.destroy();
    return;
  }
  const { status, reason, contentType, body } =
    PROBLEMS[request.route?.dialect ?? dialectOf(pathOf(request.url))](refusal);
  reply.raw.statusMessage = reasonPhrase(reason);
  // What is still on its way is let through: a client that is cut off while it sends never reads the answer.
  if (status === 413) reply.removeHeader('connection');
  void reply
    .code(status)
    .headers({ ...refusal.headers, 'content-type': contentType })
    .send(body);
};
