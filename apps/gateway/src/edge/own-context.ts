import type { MessageContext } from '#bus/contract.js';
import { CHECK_TIMEOUT_MS } from '#platform/health.js';

/** Of messages that the gateway sends on its own behalf. */
export const ownContext = (correlationId: string): MessageContext => ({
  correlationId,
  deadlineMs: Date.now() + CHECK_TIMEOUT_MS,
  dialect: 'cairn',
  caller: { subject: 'gateway', username: 'gateway', roles: [], groups: [] },
});
