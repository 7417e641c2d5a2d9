import { readFile } from 'node:fs/promises';

/** Fields of `/proc/<pid>/stat` from the third on. The second, the name of the process, may contain blanks. */
export const statFields = async (pid: number): Promise<readonly string[]> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};
const [STATE, START_TIME] = [0, 19];

interface ProcessStat {
  /** Its first thread has ended: nobody has asked for its exit code yet, or other threads have not. */
  readonly isZombie: boolean;
  /** When it started: tells it from others that have had its id. */
  readonly start: string;
}

/** What the system says of a process; undefined when there is none. */
export const statOf = async (pid: number): Promise<ProcessStat | undefined> => {
  const fields = await statFields(pid).catch(() => undefined);
  return fields && { isZombie: fields[STATE] === 'Z', start: fields[START_TIME] ?? '' };
};
