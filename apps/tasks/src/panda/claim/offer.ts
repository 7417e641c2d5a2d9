import type { AcquireJobsRequest } from '#contracts/panda/pilot.js';
import type { Queue } from '#contracts/panda/queues.js';
import type { Amounts } from '../../engine/class-index.js';
import type { ReadyClass } from '../../engine/ready.js';
import { needsOf } from './needs.js';
import type { ShelfKey } from './site-index.js';

/** What a pilot takes (PanDA contract 4.2.2). */
export interface Offer {
  readonly amounts: Amounts;
  /** The label that it asks for, as the queue's status lets it. */
  readonly label: string | null;
  accepts(shelf: ShelfKey): boolean;
  acceptsClass(ready: ReadyClass): boolean;
}

/** Labels delivered to a pilot that asks for one of these. */
const DELIVERED: Readonly<Record<string, ReadonlySet<string>>> = {
  user: new Set(['user', 'panda', 'install']),
  managed: new Set(['managed', 'test', 'prod_test', 'install']),
  unified: new Set(['managed', 'test', 'prod_test', 'install', 'user', 'panda']),
};
const DELIVERED_TO_TESTS: ReadonlySet<string> = new Set(['prod_test', 'install', 'test']);

/** Queues in status `test` get tests in place of these. */
const TESTED: ReadonlySet<string | null> = new Set(['user', 'managed', 'unified']);

/** 0, negative and missing numbers are no limit. */
const limitOf = (amount: number | null): number => (amount !== null && amount > 0 ? amount : Infinity);

type AcceptsLabel = (shelf: Pick<ShelfKey, 'label' | 'isGangarobot'>) => boolean;

/** The table of labels. */
export const labelsFor = (
  label: string | null,
  { hasElement, isUserOnly }: { readonly hasElement: boolean; readonly isUserOnly: boolean },
): AcceptsLabel => {
  if (label === 'test' && hasElement) {
    if (isUserOnly) return ({ isGangarobot }) => isGangarobot;
    return (shelf) => shelf.isGangarobot || DELIVERED_TO_TESTS.has(shelf.label);
  }
  const delivered = DELIVERED[label ?? 'managed'];
  return delivered === undefined ? (shelf) => shelf.label === label : (shelf) => delivered.has(shelf.label);
};

/** Whether a resource type is asked for: a value with `*` is a glob (trap 38). */
const acceptsType = (asked: string | null): ((resourceType: string) => boolean) => {
  if (asked === null || asked === '') return () => true;
  if (!asked.includes('*')) return (resourceType) => resourceType === asked;
  const pattern = asked.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/gu, '\\$&'));
  const glob = new RegExp(`^${pattern.join('.*')}$`, 'u');
  return (resourceType) => glob.test(resourceType);
};

/** @param memoryPerCore megabytes; see `memoryLimit` */
export const offerOf = (request: AcquireJobsRequest, queue: Queue | undefined, memoryPerCore: number): Offer => {
  const { memory, disk_space, remaining_time, task_id, user, background } = request;
  const asked = request.prod_source_label === '' ? null : request.prod_source_label;
  const label = queue?.status === 'test' && TESTED.has(asked) ? 'test' : asked;
  const acceptsLabel = labelsFor(label, {
    hasElement: (request.computing_element ?? '') !== '',
    isUserOnly: queue?.type === 'unified' && request.job_type === 'user',
  });
  const acceptsResource = acceptsType(request.resource_type);
  const workload = task_id === null || task_id === 0 ? undefined : String(task_id);
  return {
    amounts: [limitOf(memory), limitOf(disk_space), limitOf(remaining_time)],
    label,
    accepts: (shelf) =>
      (!background || shelf.isBackground) && acceptsLabel(shelf) && acceptsResource(shelf.resourceType),
    acceptsClass: (ready) => {
      const needs = needsOf(ready.requirements);
      return (
        (workload === undefined || ready.workload === workload) &&
        (user === null || needs.user === user) &&
        needs.ram / Math.max(1, needs.cores) <= memoryPerCore
      );
    },
  };
};
