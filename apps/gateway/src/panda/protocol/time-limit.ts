import { DomainError } from '#platform/domain-error.js';
import type { MessageContext } from '#bus/contract.js';

/**
 * Does work within the time that the caller allows (D23). Undefined when it is over, or all the time that a call has: what was asked for
 * may still be done.
 *
 * @param seconds what the caller sent; anything but a positive number sets no limit besides that of all calls
 */
export const within = async <Value>(
  context: MessageContext,
  seconds: unknown,
  work: (context: MessageContext) => Promise<Value>,
): Promise<Value | undefined> => {
  const limit = typeof seconds === 'string' ? Number(seconds) : seconds;
  const isSet = typeof limit === 'number' && limit > 0;
  const deadlineMs = isSet ? Math.min(context.deadlineMs, Date.now() + limit * 1000) : context.deadlineMs;
  try {
    return await work({ ...context, deadlineMs });
  } catch (error) {
    const isLate = error instanceof DomainError && error.kind === 'unavailable' && Date.now() >= deadlineMs;
    if (isLate && isSet) return undefined;
    throw error;
  }
};
