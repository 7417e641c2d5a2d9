import { GIB } from '#contracts/torc/values.js';
import type { ReadyClass } from '../../engine/ready.js';
import { READY_QUEUE } from '../status-table.js';
import type { TorcView, Workflow } from '../view.js';
import { needsOf } from './claim-order.js';
import { amountsOf, isOfScheduler, type Offer } from './offer.js';

/** Ready jobs that are counted for a reason: idle workers ask again and again. */
const COUNTED_MAX = 1_000;

/** What keeps jobs out, in the order of `needsOf`. */
const LIMITS = ['CPUs', 'GPUs', 'memory', 'nodes', 'time'];
const PLURALS: readonly string[] = ['CPUs', 'GPUs', 'nodes'];

/** The limits of contract 5.2 step 1 that keep jobs of a class out. */
const limitsOver = (ready: ReadyClass, offer: Offer): readonly string[] => {
  const [needs, offered] = [needsOf(ready), amountsOf(offer)];
  const over = LIMITS.filter((_, at) => (needs[at] ?? 0) > (offered[at] ?? 0));
  if (offer.seconds < 0 && !over.includes('time')) over.push('time');
  return isOfScheduler(ready, offer) ? over : [...over, 'scheduler'];
};

/** Why a claim found no job (Torc contract 5.2): a sentence with what was offered, and how many ready jobs each limit keeps out. */
export const whyNothingFits = (view: TorcView, workflow: Workflow, offer: Offer): string => {
  const counts = new Map<string, number>();
  let total = 0;
  for (const ready of view.ready.classesOf(READY_QUEUE, workflow.key)) {
    if (total >= COUNTED_MAX) break;
    const size = view.ready.entries(ready, undefined, COUNTED_MAX - total).length;
    total += size;
    if (size === 0) continue;
    for (const limit of limitsOver(ready, offer)) counts.set(limit, (counts.get(limit) ?? 0) + size);
  }
  if (total === 0) return `no job of workflow ${workflow.key} is ready`;
  const reasons = [...counts].map(
    ([limit, count]) => `${limit} ${PLURALS.includes(limit) ? 'keep' : 'keeps'} out ${count}`,
  );
  if (reasons.length === 0) reasons.push('those that fit wait for a retry');
  const of = total >= COUNTED_MAX ? `the first ${total} ready jobs` : plural(total, 'ready job');
  return `no ready job fits ${textOf(offer)}: of ${of}, ${reasons.join(', ')}`;
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const textOf = ({ cpus, gpus, bytes, nodes, seconds, scheduler = '' }: Offer): string =>
  [
    ...[plural(cpus, 'CPU'), plural(gpus, 'GPU'), `${bytes / GIB} GiB`, plural(nodes, 'node')],
    seconds === Infinity ? 'no time limit' : `${seconds} s`,
    scheduler === '' ? 'no scheduler' : scheduler,
  ].join(', ');
