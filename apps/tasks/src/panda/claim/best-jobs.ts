import { type Fitting, ReadyWalk } from '../../engine/ready-walk.js';
import type { ReadyEntry } from '../../engine/ready.js';
import { READY_QUEUE } from '../status-table.js';
import type { PandaView } from '../view.js';
import type { Offer } from './offer.js';
import { ranked } from './share-rank.js';
import { BY_AGE, BY_PRIORITY, pandaIdOf, type Shelf } from './site-index.js';

type Compare = (one: ReadyEntry, other: ReadyEntry) => number;

const byAge: Compare = (one, other) => pandaIdOf(one) - pandaIdOf(other);
const byPriority: Compare = (one, other) => other.priority - one.priority || byAge(one, other);

/** A shelf with the next of its jobs that fits. */
interface Front {
  readonly walk: ReadyWalk;
  next: Fitting;
}

/**
 * The best ready jobs of a site that an offer takes, one by one (PanDA contract 4.2.2): by rank of their share, then by priority, then by
 * PandaID; or by PandaID alone. The cost of each depends neither on the number of ready jobs nor on that of tasks.
 */
export function* bestJobs(
  view: PandaView,
  site: string,
  offer: Offer,
  isAging: boolean,
): Generator<void, Iterator<ReadyEntry, void, void>, void> {
  const index = yield* view.ready.inOrder(READY_QUEUE, site, isAging ? BY_AGE : BY_PRIORITY);
  const shelves = [...index.shelves].filter((shelf) => offer.accepts(shelf));
  return isAging ? merged(view, shelves, offer, byAge) : byShare(view, shelves, offer);
}

function* byShare(view: PandaView, shelves: readonly Shelf[], offer: Offer): Generator<ReadyEntry, void, void> {
  for (const share of ranked(
    view,
    shelves.map((shelf) => shelf.share),
  )) {
    const ofShare = shelves.filter((shelf) => shelf.share === share);
    yield* merged(view, ofShare, offer, byPriority);
  }
}

/** The jobs of several shelves in one order. */
function* merged(
  view: PandaView,
  shelves: readonly Shelf[],
  offer: Offer,
  compare: Compare,
): Generator<ReadyEntry, void, void> {
  const fronts = new Set<Front>();
  for (const { index } of shelves) {
    const walk = new ReadyWalk(view.ready, index, {
      left: () => offer.amounts,
      accepts: ({ ready }) => offer.acceptsClass(ready),
    });
    const next = walk.take();
    if (next !== undefined) fronts.add({ walk, next });
  }
  for (;;) {
    let best: Front | undefined;
    for (const front of fronts) if (best === undefined || compare(front.next.entry, best.next.entry) < 0) best = front;
    if (best === undefined) return;
    yield best.next.entry;
    const next = best.walk.take();
    if (next === undefined) fronts.delete(best);
    else best.next = next;
  }
}
