import type { Share } from '#contracts/panda/queues.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';

const NO_SHARE = 'Undefined';

/** The attributes of a task that shares are told apart by. */
type Facts = Pick<
  TaskAttributes,
  | 'prodSourceLabel'
  | 'workingGroup'
  | 'campaign'
  | 'processingType'
  | 'transPath'
  | 'vo'
  | 'requestType'
  | 'workQueue_ID'
>;

/** Shares that tasks and jobs can have: those without shares below them. */
export const leavesOf = (shares: readonly Share[]): readonly Share[] => {
  const parents = new Set(shares.map(({ parent }) => parent));
  return shares.filter(({ name }) => !parents.has(name));
};

/** The share of a task: the first leaf whose attributes match it, as they are or as patterns (PanDA contract 3.14). */
export const globalShareOf = (shares: readonly Share[], task: Facts): string =>
  leavesOf(shares).find(
    (share) =>
      matches(share.prodsourcelabel, task.prodSourceLabel) &&
      matches(share.workinggroup, task.workingGroup) &&
      matches(share.campaign, task.campaign) &&
      matches(share.processingtype, task.processingType) &&
      matches(share.transpath, task.transPath) &&
      matches(share.vo, task.vo) &&
      matches(share.rtype, task.requestType) &&
      (share.queue_id === null || share.queue_id === task.workQueue_ID),
  )?.name ?? NO_SHARE;

const matches = (pattern: string | null, value: string | null | undefined): boolean => {
  if (pattern === null || pattern === value) return true;
  if (value === null || value === undefined) return false;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value);
  } catch {
    return false;
  }
};
