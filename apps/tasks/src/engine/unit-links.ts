import type { StatementSync } from 'node:sqlite';
import { slicesOf } from '#contracts/ranges.js';
import type { UnitsLinked, UnitsUnlinked } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { Recorded } from './unit-event.js';
import type { UnitKey } from './unit.js';
import type { UnitStore } from './unit-store.js';

/** Links changed between two yields. */
const LINKS_PER_YIELD = 250;

/** Units marked as touched by one statement. */
const TOUCHED_TOGETHER = 1_000;

/** Adds and removes dependencies between units of one workload. */
export class UnitLinks {
  private readonly selectStatus: StatementSync;
  private readonly touch: StatementSync;

  constructor(private readonly store: UnitStore) {
    this.selectStatus = store.database.prepare('SELECT status FROM unit WHERE key = ?');
    this.touch = store.database.prepare('UPDATE unit SET touched = ?, revision = ? WHERE key BETWEEN ? AND ?');
  }

  link(workload: WorkloadId, data: UnitsLinked, recorded: Recorded): Generator<void, void, void> {
    const { dependencies } = this.store;
    return this.change(workload, data, recorded, 1, (blocker, dependent) => dependencies.addEdge(blocker, dependent));
  }

  unlink(workload: WorkloadId, data: UnitsUnlinked, recorded: Recorded): Generator<void, void, void> {
    const { dependencies } = this.store;
    return this.change(workload, data, recorded, -1, (blocker, dependent) =>
      dependencies.removeEdge(blocker, dependent),
    );
  }

  private *change(
    workload: WorkloadId,
    { links, units }: UnitsLinked | UnitsUnlinked,
    { timeMicros, revision }: Recorded,
    by: 1 | -1,
    changeEdge: (blocker: UnitKey, dependent: UnitKey) => boolean,
  ): Generator<void, void, void> {
    for (let from = 0; from < links.length; from += LINKS_PER_YIELD) {
      const isOpen = new Map<UnitKey, boolean | undefined>();
      const changes = new Map<UnitKey, number>();
      for (const [first, second] of links.slice(from, from + LINKS_PER_YIELD)) {
        const [blocker, dependent] = [keyOf(workload, first), keyOf(workload, second)];
        if (!isOpen.has(blocker)) isOpen.set(blocker, this.isOpen(blocker));
        const open = isOpen.get(blocker);
        if (open === undefined || !changeEdge(blocker, dependent) || !open) continue;
        changes.set(dependent, (changes.get(dependent) ?? 0) + by);
      }
      this.store.changeOpenDependencies(changes);
      yield;
    }
    for (const [first, last] of slicesOf(units, TOUCHED_TOGETHER)) {
      this.touch.run(timeMicros, revision, keyOf(workload, first), keyOf(workload, last));
      yield;
    }
    this.store.forgetRows();
  }

  /** Undefined when the unit does not exist. */
  private isOpen(blocker: UnitKey): boolean | undefined {
    const row = this.selectStatus.get(blocker);
    return row === undefined ? undefined : !this.store.satisfies(Number(row['status']));
  }
}
