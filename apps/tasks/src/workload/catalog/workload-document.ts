import { formatTimestamp } from '#platform/clock.js';
import type { Phase } from '../../engine/phase.js';
import type { UnitCounts } from '../workload-kind.js';

/** What a document shows of a workload. */
export interface ListedWorkload {
  readonly ref: string;
  readonly dialect: string;
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly status: string;
  readonly phase: Phase;
  readonly createdMicros: number;
  readonly changedMicros: number;
  readonly progress: number;
}

export const zoned = (micros: number): string => `${formatTimestamp(micros)}Z`;

export const sumOf = (counts: ReadonlyMap<unknown, number>): number => {
  let sum = 0;
  for (const n of counts.values()) sum += n;
  return sum;
};

export const countsObject = ({ byPhase, byStatus }: UnitCounts) => ({
  total: sumOf(byPhase),
  by_phase: Object.fromEntries(byPhase),
  by_status: Object.fromEntries(byStatus),
});

/** Raw JSON. */
export const workloadDocument = (
  { ref, dialect, id, name, owner, status, phase, createdMicros, changedMicros, progress }: ListedWorkload,
  counts: UnitCounts,
): string =>
  JSON.stringify({
    ...{ ref, dialect, id, name, owner, status, phase },
    created: zoned(createdMicros),
    changed: zoned(changedMicros),
    progress,
    units: countsObject(counts),
  });
