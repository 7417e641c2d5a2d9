import { membersOf, objectText } from '#contracts/raw-json.js';
import { numberOf } from './requirements.js';

/** GPUs are never raised (contract 7.6). */
const RAISED = ['cpu', 'memory', 'disk', 'time'] as const;

/** Of a task that does not say how many it needs (contract 7.1). */
const CPU_DEFAULT = 1;
const CPU_NOISE = 1.1;
const CPU_MAX = 20;
const USAGE_MIN = 0.5;
const USAGE_FACTOR = 1.5;

const raisedCpu = (used: number, current: number): number | undefined =>
  used <= CPU_NOISE || used > CPU_MAX || used < CPU_NOISE * current ? undefined : Math.ceil(current + 1);

const raisedUsage = (used: number): number | undefined => (used < USAGE_MIN ? undefined : USAGE_FACTOR * used);

/**
 * What a task asks for after an attempt that used `resources` has failed: numbers only rise, missing ones come to be.
 *
 * @returns the new requirements, or `undefined` when they stay as they are
 */
export const raiseRequirements = (requirements: string, resources: string): string | undefined => {
  const asked = membersOf(requirements);
  const measured = membersOf(resources);
  let changed = false;
  for (const name of RAISED) {
    const used = numberOf(measured.get(name));
    if (used === undefined) continue;
    const present = numberOf(asked.get(name));
    const raised = name === 'cpu' ? raisedCpu(used, present ?? CPU_DEFAULT) : raisedUsage(used);
    if (raised === undefined || !Number.isFinite(raised) || (present !== undefined && present >= raised)) continue;
    asked.set(name, String(raised));
    changed = true;
  }
  return changed ? objectText(asked) : undefined;
};
