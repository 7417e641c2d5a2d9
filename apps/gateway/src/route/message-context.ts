import type { FastifyRequest } from 'fastify';
import type { Caller, MessageContext } from '#bus/contract.js';
import { commandIdOf, keyOf, requestHashOf } from './idempotency-key.js';
import type { AnyRoute } from './route.js';

/** A service has so long to answer, unless the route gives it more (design rule for IceProd). */
const DEADLINE_MS = 5_000;
/** Long bodies take longer to look through. */
const BODY_BYTES_PER_MS = 4 * 1024;

/** What travels with every message that a request leads to. */
export const contextOf = (route: AnyRoute, caller: Caller, request: FastifyRequest): MessageContext => {
  const correlationId = request.id;
  const bodyBytes = request.body instanceof Uint8Array ? request.body.byteLength : 0;
  const deadlineMs = Date.now() + (route.deadlineMs ?? DEADLINE_MS) + Math.ceil(bodyBytes / BODY_BYTES_PER_MS);
  const { dialect } = route;
  const context = { correlationId, deadlineMs, dialect, caller };
  const key = route.method === 'GET' ? undefined : keyOf(request);
  if (key === undefined) return context;
  return { ...context, commandId: commandIdOf(request, caller, key), requestHash: requestHashOf(request) };
};
