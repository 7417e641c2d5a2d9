import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { statOf } from '../worker/process-stat.js';

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
 * Whether a process that started then has not ended. Its environment cannot be read any more when its first thread has ended, but while
 * others wait for the disk its files are open, and locked.
 */
const lives = async (pid: number, start: string): Promise<boolean> => {
  const stat = await statOf(pid);
  if (stat?.start !== start) return false;
  return !stat.isZombie || (await readdir(`/proc/${String(pid)}/task`).catch(() => [])).length > 1;
};

/**
 * Ends processes that an earlier, killed runner of this run has left: its jobs would run a second time beside the first.
 * Resolves with how many there were. Systems without `/proc` show none.
 */
export const endEarlierProcesses = async (run: string): Promise<number> => {
  /** When they started, by their ids, which other processes may get later. */
  const left = new Map<number, string>();
  const find = async (): Promise<readonly number[]> => {
    const found = await processesOf(run);
    for (const pid of found) left.set(pid, (await statOf(pid))?.start ?? '');
    for (const [pid, start] of left) if (!(await lives(pid, start))) left.delete(pid);
    return found;
  };
  const first = await find();
  signalAll(first, 'SIGTERM');
  const killMs = performance.now() + TERMINATION_MS;
  while (left.size > 0) {
    await delay(POLL_MS);
    const found = await find();
    if (performance.now() > killMs) signalAll(found, 'SIGKILL');
  }
  return first.length;
};
