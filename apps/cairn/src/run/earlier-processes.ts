import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Environment variable by which the processes of a run are known, also when their runner was killed. */
export const RUN_VARIABLE = 'CAIRN_RUN';

const TERMINATION_MS = 10_000;
const POLL_MS = 50;

const processesOf = async (run: string): Promise<readonly number[]> => {
  const names = await readdir('/proc').catch((): readonly string[] => []);
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
        const isOfRun = environment.split('\0').includes(`${RUN_VARIABLE}=${run}`);
        return isOfRun && Number(name) !== process.pid ? Number(name) : undefined;
      }),
  );
  return found.filter((pid) => pid !== undefined);
};

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
};

/**
 * Ends processes that an earlier, killed runner of this run has left: its jobs would run a second time beside the first.
 * Resolves with how many there were. Systems without `/proc` show none.
 */
export const endEarlierProcesses = async (run: string): Promise<number> => {
  const first = await processesOf(run);
  signalAll(first, 'SIGTERM');
  const killMs = performance.now() + TERMINATION_MS;
  for (let left = first; left.length > 0; left = await processesOf(run)) {
    if (performance.now() > killMs) signalAll(left, 'SIGKILL');
    await delay(POLL_MS);
  }
  return first.length;
};
