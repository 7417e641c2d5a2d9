import type { TaskValues } from '#contracts/panda/task-attributes.js';
import type { TaskFile } from '../view.js';
import { eventsOf } from './chunks.js';

const BYTES_PER_MB = 1024 ** 2;
const KB_PER_MB = 1024;
const MB_PER_GB = 1024;
const SECONDS_PER_HOUR = 3600;
/** `maxWalltime` below this is hours, else seconds (PanDA contract 9.1). */
const HOURS_MAX = 1000;
/** Disk is told in such steps where it is large: jobs that need about the same are of the same kind to pilots. */
const DISK_STEP_MB = 100;
const FINE_DISK_MB_MAX = 1000;

/** How much a job works on. */
export interface ChunkSize {
  readonly megabytes: number;
  readonly events: number;
}

export const sizeOf = (files: Iterable<TaskFile>): ChunkSize => {
  let [bytes, events] = [0, 0];
  for (const file of files) {
    bytes += file.fsize;
    events += eventsOf(file) ?? file.nEvents ?? 0;
  }
  return { megabytes: Math.ceil(bytes / BYTES_PER_MB), events };
};

/** What a task says per event or per megabyte of input, for a job. Jobs without input count as one megabyte. */
const scaled = (count: number, unit: string | null, { megabytes, events }: ChunkSize): number => {
  if (unit?.endsWith('Fixed') === true) return count;
  return count * (unit?.includes('PerEvent') === true ? Math.max(1, events) : Math.max(1, megabytes));
};

const inMegabytes = (count: number, unit: string | null): number => {
  if (unit?.startsWith('kB') === true) return count / KB_PER_MB;
  return unit?.startsWith('GB') === true ? count * MB_PER_GB : count;
};

/** `maxDiskCount`, in megabytes: working space, outputs and inputs. */
export const diskOf = (
  task: Pick<TaskValues, 'workDiskCount' | 'workDiskUnit' | 'outDiskCount' | 'outDiskUnit'>,
  size: ChunkSize,
): number => {
  const work = inMegabytes(task.workDiskCount ?? 0, task.workDiskUnit);
  const outputs = inMegabytes(scaled(task.outDiskCount ?? 0, task.outDiskUnit, size), task.outDiskUnit);
  const disk = Math.ceil(work + outputs) + size.megabytes;
  return disk <= FINE_DISK_MB_MAX ? disk : Math.ceil(disk / DISK_STEP_MB) * DISK_STEP_MB;
};

/** `maxCpuCount`: 0 when the task does not say how long its jobs take. */
export const cpuSecondsOf = (task: Pick<TaskValues, 'walltime' | 'walltimeUnit'>, size: ChunkSize): number =>
  scaled(task.walltime ?? 0, task.walltimeUnit, size);

/** Seconds that jobs may run by the split rule `maxWalltime`. */
export const walltimeOfRule = (rule: number | undefined): number | undefined => {
  if (rule === undefined) return undefined;
  return rule < HOURS_MAX ? rule * SECONDS_PER_HOUR : rule;
};
