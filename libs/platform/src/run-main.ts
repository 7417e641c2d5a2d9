import { CannotStart } from './cannot-start.js';
import { redacted } from './redaction.js';

/** What is printed of an error that prevents the start of a process. */
export const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') return `PORT is taken already (${error.message}); choose another`;
  return error instanceof CannotStart ? error.message : (error.stack ?? error.message);
};

/** Runs the start of a process; an error that prevents it is printed on stderr and ends the process with code 1. */
export const runMain = async (name: string, start: () => Promise<void>): Promise<void> => {
  try {
    await start();
  } catch (error) {
    process.stderr.write(`${name} cannot start: ${redacted(explain(error))}\n`);
    process.exit(1);
  }
};
