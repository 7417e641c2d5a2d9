import { Worker } from 'node:worker_threads';
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

/** The thread that ends the process gives the process's own timer so much longer. */
const THREAD_GRACE_MS = 1000;

/** Waits outside the event loop, and ends the process that a busy event loop would keep alive. */
const KILL_LATER = `
  const { workerData } = require('node:worker_threads');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, workerData);
  process.kill(process.pid, 'SIGKILL');
`;

/**
 * On the first SIGTERM or SIGINT: stops accepting, finishes what is in flight, closes in the order of `steps`, and ends
 * the process with 0, or with 1 when a step failed or `timeoutMs` passed. A second signal ends it at once. When the event loop
 * is never free, a thread kills the process soon after that time.
 */
export const stopOnSignal = (
  steps: readonly ShutdownStep[],
  log: Log,
  exit: (code: number) => void = (code) => process.exit(code),
  timeoutMs: number = SHUTDOWN_TIMEOUT_MS,
): void => {
  let end: ((code: number) => void) | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (end !== undefined) {
      end(1);
      return;
    }
    log.info({ signal }, 'stopping');
    const killer = new Worker(KILL_LATER, {
      eval: true,
      execArgv: [],
      workerData: timeoutMs + THREAD_GRACE_MS,
    });
    killer.unref();
    const timer = setTimeout(() => {
      log.error({ timeoutMs }, 'did not stop in time');
      end?.(1);
    }, timeoutMs);
    end = (code) => {
      clearTimeout(timer);
      void killer.terminate();
      exit(code);
    };
    void runSteps(steps, log).then((clean) => {
      log.info({}, 'stopped');
      end?.(clean ? 0 : 1);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};
