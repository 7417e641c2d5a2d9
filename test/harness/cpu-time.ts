import { readFileSync } from 'node:fs';

const NS_PER_MS = 1e6;

/**
 * Time that the main thread of a process, where Node.js runs its event loop, has spent on a CPU. Other than time on the clock, it
 * does not depend on what else the machine does.
 */
export const eventLoopCpuMs = (pid: number): number => {
  const [onCpu = ''] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return Number(onCpu) / NS_PER_MS;
};
