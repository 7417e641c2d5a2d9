import { readFileSync } from 'node:fs';

const TICK_MS = 5;

/** How long the main thread has waited for a core so far, while it could have run. 0 where the system does not report it. */
const waitedForCoreMs = (): number => {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
};

/**
 * Measures for how long the event loop was not served because of what this process does: computing, waiting for a disk or
 * a lock. Waiting for a core that other processes have is not its doing, and taken off.
 */
export const watchStalls = (): { longestMs(): number } => {
  let longestMs = 0;
  let tickedMs = performance.now();
  let waitedMs = waitedForCoreMs();
  setInterval(() => {
    const [nowMs, nowWaitedMs] = [performance.now(), waitedForCoreMs()];
    longestMs = Math.max(longestMs, nowMs - tickedMs - TICK_MS - (nowWaitedMs - waitedMs));
    [tickedMs, waitedMs] = [nowMs, nowWaitedMs];
  }, TICK_MS).unref();
  return { longestMs: () => longestMs };
};
