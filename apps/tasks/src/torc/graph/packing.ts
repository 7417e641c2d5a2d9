import { membersOf } from '#contracts/raw-json.js';
import { GIB } from '#contracts/torc/values.js';
import { type Amounts, isWithin } from '../../engine/class-index.js';
import { READY_QUEUE } from '../status-table.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import type { TorcView, Workflow } from '../view.js';
import { needsOf } from './claim-order.js';
import { isOfScheduler, type Offer, without } from './offer.js';
import { Steps } from './steps.js';

const MICROS_PER_SECOND = 1_000_000;

/** Packing looks at each job that is left: with more of them there is no end in sight. */
const READY_MAX = 500;

/** A worker that is active, as its compute node tells. */
interface Node {
  readonly scheduler: string;
  /** What its running jobs leave of CPUs, GPUs and memory, and its nodes. */
  left: Amounts;
  isBusy: boolean;
}

/** How long jobs may wait to be packed: undefined unless the workflow's config says so. */
const secondsOf = ({ config }: Workflow): number | undefined => {
  // Few configs have it.
  if (!config.includes('"pack_last_jobs_seconds"')) return undefined;
  const seconds = Number(membersOf(config).get('pack_last_jobs_seconds'));
  return seconds > 0 ? seconds : undefined;
};

/**
 * Not Torc's: whether a worker without jobs gets nothing, because all jobs that are left fit beside the jobs of other workers. It then
 * ends and frees its node. Only for jobs that have not been ready for longer than the config allows: other workers may be gone.
 */
export function* arePacked(
  view: TorcView,
  workflow: Workflow,
  offer: Offer,
  timeMicros: number,
): Generator<void, boolean, void> {
  const seconds = secondsOf(workflow);
  if (seconds === undefined || !isNearItsEnd(view, workflow)) return false;
  const nodes = [...(yield* activeNodes(view, workflow)).values()];
  // A claim does not name its worker: it is one with jobs if its offer is what such a worker has left.
  const isOffer = ({ left: [cpus, gpus] }: Node): boolean => cpus === offer.cpus && gpus === offer.gpus;
  const busy = nodes.filter(({ isBusy }) => isBusy);
  if (busy.some(isOffer) || !nodes.some(isOffer)) return false;
  for (const ready of view.ready.classesOf(READY_QUEUE, workflow.key)) {
    const needs = needsOf(ready);
    for (const { key } of view.ready.entries(ready, undefined, READY_MAX)) {
      yield;
      const changed = view.jobAt(workflow, ordinalOfKey(key))?.unit.changedMicros ?? 0;
      const node = busy.find(({ left, scheduler }) => isWithin(needs, left) && isOfScheduler(ready, { scheduler }));
      if (node === undefined || changed + seconds * MICROS_PER_SECOND <= timeMicros) return false;
      node.left = without(node.left, needs);
    }
  }
  return true;
}

/** Whether every job that is left is ready, and they are few. */
const isNearItsEnd = (view: TorcView, workflow: Workflow): boolean => {
  const count = (status: Parameters<TorcView['countOfStatus']>[1]): number => view.countOfStatus(workflow, status);
  const ready = count('ready') + count('scheduled');
  return ready > 0 && ready <= READY_MAX && count('blocked') + count('uninitialized') === 0;
};

function* activeNodes(view: TorcView, workflow: Workflow): Generator<void, ReadonlyMap<number, Node>, void> {
  const steps = new Steps();
  const nodes = new Map<number, Node>();
  for (const { ordinal, document } of view.documents(workflow, 'compute_nodes')) {
    if (steps.isSlice()) yield;
    const members = membersOf(document);
    if (members.get('is_active') === 'true') nodes.set(ordinal, nodeOf(members.get('resources') ?? '{}'));
  }
  for (const { ordinal, unit } of view.jobsOfStatus(workflow, 'submitted')) {
    if (steps.isSlice()) yield;
    const node = nodes.get(view.edgesTo(workflow, 'executed', ordinal).at(-1)?.from ?? 0);
    if (node === undefined) continue;
    node.left = without(node.left, needsOf(unit));
    node.isBusy = true;
  }
  return nodes;
}

/** Resources of Torc contract 2.6. How much of a worker's time is left is not known. */
const nodeOf = (resources: string): Node => {
  const members = membersOf(resources);
  const amount = (name: string): number => Number(members.get(name) ?? 0);
  return {
    scheduler: JSON.parse(members.get('scheduler_config_id') ?? '""') as string,
    left: [amount('num_cpus'), amount('num_gpus'), amount('memory_gb') * GIB, amount('num_nodes'), Infinity],
    isBusy: false,
  };
};
