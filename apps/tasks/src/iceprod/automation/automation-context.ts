import { randomUUID } from 'node:crypto';
import type { MessageContext } from '#bus/contract.js';
import { AUTOMATION } from './change-tracker.js';

const DEADLINE_MS = 30_000;

/** The context of a command that automation sends: its own name, and the rights of a service. */
export const automationContext = (): MessageContext => ({
  correlationId: randomUUID(),
  deadlineMs: Date.now() + DEADLINE_MS,
  dialect: 'iceprod',
  caller: { subject: AUTOMATION, username: AUTOMATION, roles: ['system'], groups: [] },
});
