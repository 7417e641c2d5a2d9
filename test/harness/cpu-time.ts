import { readFileSync } from 'node:fs';
import type { TestCluster } from './test-cluster.js';

const NS_PER_MS = 1e6;

/**
 * Time that the main thread of a process, where Node.js runs its event loop, has spent on a CPU. Other than time on the clock, it
 * does not depend on what else the machine does.
 */
export const eventLoopCpuMs = (pid: number): number => {
  const [onCpu = ''] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return Number(onCpu) / NS_PER_MS;
};

/** How long others wait at most while a request is under way, as far as the event loops of Cairn are what they wait for. */
export const longestWaitMs = async (
  { anonymous, cairn }: TestCluster,
  request: () => Promise<unknown>,
): Promise<number> => {
  const pids = [...cairn.pids().values()];
  const progress = { isOver: false };
  const answered = request().finally(() => (progress.isOver = true));
  let longest = 0;
  while (!progress.isOver) {
    const before = pids.map(eventLoopCpuMs);
    await anonymous.get('/livez');
    longest = Math.max(longest, ...pids.map((pid, index) => eventLoopCpuMs(pid) - (before[index] ?? 0)));
  }
  await answered;
  return longest;
};
