import { readFileSync, writeFileSync } from 'node:fs';

const KIB_PER_MIB = 1024;

/** Most memory that a process has had in RAM since {@link watchPeak}, or since its start. */
const peakMiB = (pid: number): number => {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`the kernel does not report the peak memory of process ${pid}`);
  return Number(kib) / KIB_PER_MIB;
};

/** Resets the peak that the kernel records of a process; the result is a function that measures its growth since. */
export const watchPeak = (pid: number): (() => number) => {
  // From now on the peak is at least what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = peakMiB(pid);
  return () => peakMiB(pid) - before;
};
