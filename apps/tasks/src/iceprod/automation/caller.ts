import { randomUUID } from 'node:crypto';
import type { MessageContext } from '#bus/contract.js';
import { AUTOMATION } from './signals.js';

const DEADLINE_MS = 30_000;

/** Automation's own name and rights. */
export const automationContext = (): MessageContext => ({
  correlationId: randomUUID(),
  deadlineMs: Date.now() + DEADLINE_MS,
  dialect: 'iceprod',
  caller: { subject: AUTOMATION, username: AUTOMATION, roles: ['system'], groups: [] },
});
