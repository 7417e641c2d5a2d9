import type { FastifyRequest } from 'fastify';
import type { Caller, MessageContext } from '#bus/contract.js';
import type { Dialect } from '../dialect.js';
import { commandIdOf, keyOf, requestHashOf } from './idempotency-key.js';
import type { AnyRoute } from './route.js';

/** Long bodies take longer to process: the deadline grows with them. */
const BODY_BYTES_PER_MS = 4 * 1024;

/** A step of a request is a command of its own, whose repeats are those of the request. */
export const stepOf = (context: MessageContext, step: string): MessageContext =>
  context.commandId === undefined ? context : { ...context, commandId: `${context.commandId}.${step}` };

/** The context of all messages that a request leads to. */
export const contextOf = (
  dialect: Pick<Dialect, 'deadlineMs'>,
  route: AnyRoute,
  caller: Caller,
  request: FastifyRequest,
): MessageContext => {
  const correlationId = request.id;
  const bodyBytes = request.body instanceof Uint8Array ? request.body.byteLength : 0;
  const budgetMs = (route.deadlineMs ?? dialect.deadlineMs) + Math.ceil(bodyBytes / BODY_BYTES_PER_MS);
  const context = { correlationId, deadlineMs: Date.now() + budgetMs, dialect: route.dialect, caller };
  const key = route.method === 'GET' ? undefined : keyOf(request);
  if (key === undefined) return context;
  return { ...context, commandId: commandIdOf(request, caller, key), requestHash: requestHashOf(request) };
};
