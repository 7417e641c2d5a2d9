import type { TaskValues } from '#contracts/panda/task-attributes.js';

/** What the jobs of one chunk need, whichever queue gets them. */
export interface ChunkNeeds {
  /** As the task says; 0 means any number. */
  readonly cores: number;
  readonly ram: RamNeeds;
  /** Megabytes. */
  readonly disk: number;
  /** Seconds; undefined when the task says nothing. */
  readonly walltime: number | undefined;
}

/** Megabytes, per core if `isPerCore`. */
export interface RamNeeds {
  readonly count: number;
  readonly isPerCore: boolean;
  readonly base: number;
}

/** Tasks ask for somewhat more than jobs need (PanDA contract 3.16, trap 39). */
const COMPENSATION = 0.9;

/** The cores of a job in a queue (contract 9.4): a queue that says -1 leaves it to the task. */
export const coresIn = (queueCores: number, taskCores: number): number => {
  if (taskCores === 1 || queueCores === 0) return 1;
  return queueCores === -1 ? Math.max(1, taskCores) : queueCores;
};

/** Megabytes that a job with so many cores asks for, before the compensation. */
export const ramOf = ({ count, isPerCore, base }: RamNeeds, cores: number): number =>
  (isPerCore ? count * cores : count) + base;

/** `minRamCount` of a job with so many cores. */
export const minRamOf = (ram: RamNeeds, cores: number): number => Math.trunc(ramOf(ram, cores) * COMPENSATION);

const RAM_DEFAULT = 2000;

/**
 * Memory that a task asks for.
 *
 * @param boost what its records ask for after failures of memory, in the unit of the task; 0 when they do not
 */
export const ramNeedsOf = (
  { ramCount, ramUnit, baseRamCount }: Pick<TaskValues, 'ramCount' | 'ramUnit' | 'baseRamCount'>,
  boost: number,
): RamNeeds => ({
  count: Math.max(ramCount ?? RAM_DEFAULT, boost),
  isPerCore: ramUnit === null || ramUnit.startsWith('MBPerCore'),
  base: baseRamCount ?? 0,
});
