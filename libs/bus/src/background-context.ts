import { randomUUID } from 'node:crypto';
import type { MessageContext } from './contract.js';

const DEADLINE_MS = 30_000;

/**
 * The context of what a service does by itself, with the rights of a service.
 *
 * @param actor whom the history names
 */
export const backgroundContext = (dialect: string, actor: string, username = actor): MessageContext => ({
  correlationId: randomUUID(),
  deadlineMs: Date.now() + DEADLINE_MS,
  dialect,
  caller: { subject: actor, username, roles: ['system'], groups: [] },
});
