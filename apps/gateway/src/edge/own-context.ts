import type { MessageContext } from '#bus/contract.js';
import { CHECK_TIMEOUT_MS } from '#platform/health.js';

/**
 * Of messages that the gateway sends on its own behalf.
 *
 * @param withinMs how long the answer may take
 */
export const ownContext = (correlationId: string, withinMs = CHECK_TIMEOUT_MS): MessageContext => ({
  correlationId,
  deadlineMs: Date.now() + withinMs,
  dialect: 'cairn',
  caller: { subject: 'gateway', username: 'gateway', roles: [], groups: [] },
});
