import type { SplitRules } from '../refine/split-rules.js';
import type { Task } from '../view.js';

/** Whether a task begins with scouts, and they have not passed yet (PanDA contract 4.1.2). */
export const needsScouts = (rules: SplitRules): boolean => !rules.has('useScout');

/** Where a task goes whose jobs are being made. */
export const statusWithJobs = (
  { status, attributes: { oldStatus } }: Task,
  rules: SplitRules,
): 'scouting' | 'running' => {
  const before = status === 'pending' ? oldStatus : status;
  return (before === 'ready' || before === 'scouting') && needsScouts(rules) ? 'scouting' : 'running';
};

const SCOUT_PRIORITY_MIN = 901;

/** The priority of a scout whose task has such a priority. */
export const scoutPriority = (priority: number): number => Math.max(SCOUT_PRIORITY_MIN, priority + 1);
