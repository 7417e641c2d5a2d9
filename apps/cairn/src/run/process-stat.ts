import { readFile } from 'node:fs/promises';

/** Fields of `/proc/<pid>/stat` behind the name of the process. */
const [STATE, START_TIME] = [0, 19];

interface ProcessStat {
  /** Its first thread has ended: nobody has asked for its exit code yet, or other threads have not. */
  readonly isZombie: boolean;
  /** When it started: tells it from others that have had its id. */
  readonly start: string;
}

/** What the system says of a process; undefined when there is none. */
export const statOf = async (pid: number): Promise<ProcessStat | undefined> => {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { isZombie: fields[STATE] === 'Z', start: fields[START_TIME] ?? '' };
};
