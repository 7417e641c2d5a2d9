import { randomUUID } from 'node:crypto';
import type { MessageContext } from '#bus/contract.js';
import { PANDA } from '../streams.js';

/** The actor of what the service does to jobs by itself. */
const AUTOMATION = 'cairn-automation';

const DEADLINE_MS = 30_000;

export const backgroundContext = (): MessageContext => ({
  correlationId: randomUUID(),
  deadlineMs: Date.now() + DEADLINE_MS,
  dialect: PANDA,
  caller: { subject: AUTOMATION, username: AUTOMATION, roles: ['system'], groups: [] },
});
