import { membersOf, objectText } from '#contracts/raw-json.js';
import { numberOf } from '#contracts/iceprod/requirement-number.js';

/** GPUs are never raised (contract 7.6). */
const RAISED = ['cpu', 'memory', 'disk', 'time'] as const;

/** Limits up to which failed runs raise requirements: cores, GB, GB, hours. */
export type RaiseLimits = Readonly<Record<(typeof RAISED)[number], number>>;

/** Few machines offer more. Without limits, a wrong report of a broken worker could keep a task from ever running again. */
const DEFAULT_LIMITS: RaiseLimits = { cpu: 20, memory: 1_000, disk: 10_000, time: 720 };

/** @param given `name=number` each, as `ICEPROD_RAISE_MAX` lists them */
export const raiseLimits = (given: readonly string[]): RaiseLimits => ({
  ...DEFAULT_LIMITS,
  ...Object.fromEntries(
    given.map((entry) => {
      const [name = '', limit] = entry.split('=', 2);
      return [name, Number(limit)] as const;
    }),
  ),
});

interface Raise {
  /** The new requirements. Absent when they do not change. */
  readonly requirements?: string;
  /** Which of them would have been raised beyond their limit. */
  readonly limited: readonly string[];
}

/** CPUs of a task that does not state them (contract 7.1). */
const CPU_DEFAULT = 1;
const CPU_NOISE = 1.1;
const CPU_MAX = 20;
const USAGE_MIN = 0.5;
const USAGE_FACTOR = 1.5;

const raisedCpu = (used: number, current: number): number | undefined =>
  used <= CPU_NOISE || used > CPU_MAX || used < CPU_NOISE * current ? undefined : Math.ceil(current + 1);

const raisedUsage = (used: number): number | undefined => (used < USAGE_MIN ? undefined : USAGE_FACTOR * used);

/** Requirements after a failed attempt that used `resources`. Numbers are only raised; missing ones are added. */
export const raiseRequirements = (requirements: string, resources: string, limits: RaiseLimits): Raise => {
  const asked = membersOf(requirements);
  const measured = membersOf(resources);
  const limited: string[] = [];
  let changed = false;
  for (const name of RAISED) {
    const used = numberOf(measured.get(name));
    if (used === undefined) continue;
    const present = numberOf(asked.get(name));
    const wanted = name === 'cpu' ? raisedCpu(used, present ?? CPU_DEFAULT) : raisedUsage(used);
    if (wanted === undefined) continue;
    if (wanted > limits[name]) limited.push(name);
    const raised = Math.min(wanted, limits[name]);
    if (present !== undefined && present >= raised) continue;
    asked.set(name, String(raised));
    changed = true;
  }
  return { ...(changed && { requirements: objectText(asked) }), limited };
};
