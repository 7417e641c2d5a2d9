import { backgroundContext } from '#bus/background-context.js';
import type { MessageContext } from '#bus/contract.js';

/** The actor of what this service does to tasks and jobs by itself. */
export const AUTOMATION = 'cairn-automation';

/** The context of a command that automation sends: its own name, and the rights of a service. */
export const automationContext = (dialect: string): MessageContext => backgroundContext(dialect, AUTOMATION);
