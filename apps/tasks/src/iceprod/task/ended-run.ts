import type { Phase } from '../../engine/phase.js';
import type { Unit } from '../../engine/unit.js';
import { iceprodPolicy } from '../policy.js';

const RUN_PHASES: readonly Phase[] = ['claimed', 'running'];

const isRun = (status: string): boolean => RUN_PHASES.includes(iceprodPolicy.phaseOf(status, ''));

/**
 * The lease of the run that a change ends, if there is one. The worker does not notice until its next report is refused, so the
 * history records the lease together with the actor.
 */
export const endedLease = (
  unit: Pick<Unit, 'status' | 'leaseId'>,
  after: Pick<Unit, 'status' | 'leaseId'>,
): string | undefined => {
  if (unit.leaseId === '' || !isRun(unit.status)) return undefined;
  return isRun(after.status) && after.leaseId === unit.leaseId ? undefined : unit.leaseId;
};
