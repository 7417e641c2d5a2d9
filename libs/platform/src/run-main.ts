import { EnvironmentInvalid } from './environment.js';

/** Errors that name what the operator has to change: their message is all that is shown. */
const OPERATOR_ERRORS: readonly string[] = [EnvironmentInvalid.name, 'NatsUnreachable', 'NatsRequired'];

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') return `PORT is taken already (${error.message}); choose another`;
  return OPERATOR_ERRORS.includes(error.name) ? error.message : (error.stack ?? error.message);
};

/** Runs the start of a process; what keeps it from starting is told on stderr and ends the process with 1. */
export const runMain = async (name: string, start: () => Promise<void>): Promise<void> => {
  try {
    await start();
  } catch (error) {
    process.stderr.write(`${name} cannot start: ${explain(error)}\n`);
    process.exit(1);
  }
};
