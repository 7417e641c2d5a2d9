import type { Log } from './logging.js';

/** After this time the process ends although something is still unfinished; what was acknowledged is on disk anyway. */
const SHUTDOWN_TIMEOUT_MS = 10_000;

export interface ShutdownStep {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Runs the steps in order, one after the other. A step that fails is logged and the next ones still run.
 *
 * @returns whether all went well
 */
export const runSteps = async (steps: readonly ShutdownStep[], log: Log): Promise<boolean> => {
  let clean = true;
  for (const { name, run } of steps) {
    try {
      await run();
    } catch (error) {
      clean = false;
      log.error({ error }, `could not ${name} while stopping`);
    }
  }
  return clean;
};

/**
 * On the first SIGTERM or SIGINT: stops accepting, finishes what is in flight, closes in the order of `steps`, and ends
 * the process with 0, or with 1 when a step failed or {@link SHUTDOWN_TIMEOUT_MS} passed. A second signal ends it at once.
 */
export const stopOnSignal = (
  steps: readonly ShutdownStep[],
  log: Log,
  exit: (code: number) => void = (code) => process.exit(code),
): void => {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      exit(1);
      return;
    }
    stopping = true;
    log.info({ signal }, 'stopping');
    const timer = setTimeout(() => {
      log.error({ timeoutMs: SHUTDOWN_TIMEOUT_MS }, 'did not stop in time');
      exit(1);
    }, SHUTDOWN_TIMEOUT_MS);
    void runSteps(steps, log).then((clean) => {
      clearTimeout(timer);
      log.info({}, 'stopped');
      exit(clean ? 0 : 1);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};
