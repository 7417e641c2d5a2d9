import type { StatementSync } from 'node:sqlite';
import { slicesOf } from '#contracts/ranges.js';
import type { Ranges } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { UnitKey } from './unit.js';
import { UnitSlices } from './unit-slices.js';
import type { UnitStore } from './unit-store.js';

/** Units removed together: a few milliseconds of work. */
const SLICE_UNITS = 250;

/**
 * Removes units with all that the engine's tables hold of them. Who depended on them does so no more. An edge to a removed unit stays
 * until the unit that it depended on is removed: it has no effect, because ordinals are not used again, and no index finds it.
 */
export class UnitRemoval {
  private readonly slices: UnitSlices;
  private readonly selectDepends: StatementSync;
  private readonly deleteUnits: StatementSync;
  private readonly deleteRetries: StatementSync;

  constructor(private readonly store: UnitStore) {
    const { database } = store;
    this.slices = new UnitSlices(store);
    this.selectDepends = database.prepare(
      'SELECT key, dialect, depends FROM unit WHERE key BETWEEN ? AND ? AND depends IS NOT NULL',
    );
    this.deleteUnits = database.prepare('DELETE FROM unit WHERE key BETWEEN ? AND ?');
    this.deleteRetries = database.prepare('DELETE FROM unit_retry WHERE key BETWEEN ? AND ?');
  }

  *remove(workload: WorkloadId, units: Ranges): Generator<void, void, void> {
    for (const [first, last] of slicesOf(units, SLICE_UNITS)) {
      yield* this.removeRange(keyOf(workload, first), keyOf(workload, last));
      yield;
    }
  }

  private *removeRange(first: UnitKey, last: UnitKey): Generator<void, void, void> {
    const { store } = this;
    yield* store.openDependents(first, last, (status) => (store.satisfies(status) ? 0 : -1));
    yield* store.dependencies.removeEdgesOn(first, last);
    const policy = store.policyOf(first);
    for (const { key, dialect, depends } of this.selectDepends.all(first, last))
      store.dependencies.unlink(Number(dialect), Number(key), policy.dependsOn(String(depends)));
    const classes = this.slices.recount(this.slices.of(first, last), undefined);
    this.deleteRetries.run(first, last);
    this.deleteUnits.run(first, last);
    store.forgetRows();
    store.ready.invalidate(classes);
  }
}
