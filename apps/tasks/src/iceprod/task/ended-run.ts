import type { Phase } from '../../engine/phase.js';
import type { Unit } from '../../engine/unit.js';
import { iceprodPolicy } from '../policy.js';

const RUN_PHASES: readonly Phase[] = ['claimed', 'running'];

const isRun = (status: string): boolean => RUN_PHASES.includes(iceprodPolicy.phaseOf(status, ''));

/**
 * The lease of the run that a change ends: somebody held the unit, and nobody does afterwards. The worker itself learns it
 * only when its report is refused, so the history names the run with whoever ended it.
 */
export const endedLease = (
  unit: Pick<Unit, 'status' | 'leaseId'>,
  after: Pick<Unit, 'status' | 'leaseId'>,
): string | undefined => {
  if (unit.leaseId === '' || !isRun(unit.status)) return undefined;
  return isRun(after.status) && after.leaseId === unit.leaseId ? undefined : unit.leaseId;
};
