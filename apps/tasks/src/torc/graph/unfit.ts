import { GIB } from '#contracts/torc/values.js';
import type { TorcView, Workflow } from '../view.js';
import { LIMITS, type Offer } from './offer.js';
import type { ReadyKind } from './ready-jobs.js';

/** Ready jobs that are counted for a reason: idle workers ask again and again. */
const COUNTED_MAX = 1_000;

/** Why a claim found no job (Torc contract 5.2): a sentence with what was offered, and how many ready jobs each limit keeps out. */
export const whyNothingFits = (
  view: TorcView,
  workflow: Workflow,
  kinds: readonly ReadyKind[],
  offer: Offer,
): string => {
  const counts = new Map<string, number>();
  let total = 0;
  for (const kind of kinds) {
    if (total >= COUNTED_MAX) break;
    const size = view.ready.entries(kind.ready, undefined, COUNTED_MAX - total).length;
    total += size;
    for (const [limit, isOver] of Object.entries(LIMITS)) {
      if (size > 0 && isOver(kind, offer)) counts.set(limit, (counts.get(limit) ?? 0) + size);
    }
  }
  if (total === 0) return `no job of workflow ${workflow.key} is ready`;
  const keptOut = [...counts].map(([limit, count]) => `${limit} of ${count}`).join(', ');
  const of = total >= COUNTED_MAX ? `the first ${total} ready jobs` : `${total} ready job${total === 1 ? '' : 's'}`;
  return `no ready job fits ${textOf(offer)}: of ${of} too little ${keptOut}`;
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const textOf = ({ num_cpus, num_gpus, num_nodes, memory_bytes, seconds, scheduler }: Offer): string =>
  [
    plural(num_cpus, 'CPU'),
    plural(num_gpus, 'GPU'),
    `${memory_bytes / GIB} GiB`,
    plural(num_nodes, 'node'),
    seconds === Number.POSITIVE_INFINITY ? 'no time limit' : `${seconds} s`,
    scheduler === '' ? 'no scheduler' : scheduler,
  ].join(', ');
