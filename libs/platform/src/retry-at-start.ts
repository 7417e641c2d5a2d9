import { setTimeout as delay } from 'node:timers/promises';
import { CannotStart } from './cannot-start.js';
import type { Log } from './logging.js';

const PAUSE_MS = 200;

export interface StartWait {
  /** How long a start waits for what it needs. */
  readonly withinMs: number;
  readonly log: Log;
}

/**
 * Tries again until `attempt` succeeds, so that processes may be started in any order. The first failure is logged, with
 * its reason.
 *
 * @throws the last failure, once the time is over
 */
export const retryAtStart = async <Result>(
  what: string,
  attempt: () => Promise<Result>,
  { withinMs, log }: StartWait,
): Promise<Result> => {
  const giveUpMs = performance.now() + withinMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      const result = await attempt();
      if (!isFirst) log.info({}, `${what} is there now`);
      return result;
    } catch (error) {
      if (performance.now() + PAUSE_MS >= giveUpMs) throw error;
      if (isFirst) {
        const why = error instanceof CannotStart ? error.message : String(error);
        log.warn({ withinMs, why }, `the start waits for ${what}`);
      }
    }
    await delay(PAUSE_MS);
  }
};
