import {
  type Amounts,
  ClassIndex,
  type ClassOrder,
  type IndexKind,
  type ReadyIndex,
} from '../../engine/class-index.js';
import type { ReadyClass, ReadyEntry } from '../../engine/ready.js';
import { needsOf } from './needs.js';

/** What claims choose by before they compare amounts: few combinations of these exist at a site. */
export interface ShelfKey {
  readonly share: string;
  readonly label: string;
  readonly resourceType: string;
  /** Jobs of functional tests, which some queues prefer (contract 4.2.2). */
  readonly isGangarobot: boolean;
  readonly isBackground: boolean;
}

/** Ready classes that are alike but for their task, user and amounts, in order. */
export interface Shelf extends ShelfKey {
  readonly index: ClassIndex;
}

const GANGAROBOT = 'gangarobot';

const shelfOf = ({ requirements, label }: ReadyClass): ShelfKey => {
  const { share, resource_type: resourceType, processing_type: processingType, background } = needsOf(requirements);
  const isGangarobot = processingType === GANGAROBOT;
  return { share, label, resourceType, isGangarobot, isBackground: background === true };
};

/** What a job needs, in the order that an offer has too: megabytes of memory and disk, seconds. What a job does not say is 0. */
const amountsOf = ({ requirements }: ReadyClass): Amounts => {
  const { ram, disk, walltime = 0 } = needsOf(requirements);
  return [ram, disk, walltime];
};

/** PandaIDs order the jobs of all tasks. */
export const pandaIdOf = ({ id }: ReadyEntry): number => Number(id);

/** The ready jobs of one site, by shelves. A claim looks only at shelves that it accepts, and in each only as far as it takes jobs. */
export class SiteIndex implements ReadyIndex {
  private readonly byName = new Map<string, Shelf>();
  private readonly shelfOfClass = new Map<ReadyClass, Shelf>();

  constructor(private readonly order: ClassOrder) {}

  put(ready: ReadyClass, head: ReadyEntry): void {
    const key = shelfOf(ready);
    const { share, label, resourceType, isGangarobot, isBackground } = key;
    const name = JSON.stringify([share, label, resourceType, isGangarobot, isBackground]);
    let shelf = this.byName.get(name);
    if (shelf === undefined) this.byName.set(name, (shelf = { ...key, index: new ClassIndex(this.order) }));
    shelf.index.put(ready, head);
    this.shelfOfClass.set(ready, shelf);
  }

  drop(ready: ReadyClass): void {
    this.shelfOfClass.get(ready)?.index.drop(ready);
    this.shelfOfClass.delete(ready);
  }

  get shelves(): Iterable<Shelf> {
    return this.byName.values();
  }
}

const kindOf = (name: string, order: ClassOrder): IndexKind<SiteIndex> => ({
  name,
  create: () => new SiteIndex(order),
});

/** By priority, then by PandaID. */
export const BY_PRIORITY = kindOf('priority', { amountsOf, compare: () => 0, ageOf: pandaIdOf });

/** By PandaID, for claims that prevent starvation. Within a task its priorities decide. */
export const BY_AGE = kindOf('age', { amountsOf, compare: () => 0, ageOf: pandaIdOf, ignoresPriority: true });
