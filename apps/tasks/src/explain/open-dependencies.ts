import type { Dialect } from '#ledger/ref.js';
import type { Policy } from '../engine/policy.js';
import type { StoredUnit, UnitReader } from '../engine/unit-row.js';

/** A dependency that is not satisfied. */
export interface OpenDependency {
  readonly id: string;
  /** Undefined when no unit has the id. */
  readonly status: string | undefined;
}

/** The first open dependencies of a unit, at most `limit`, without those in workloads that the asker may not read. */
export const openDependencies = (
  reader: UnitReader,
  dialect: Dialect,
  policy: Policy,
  { unit, row }: StoredUnit,
  limit: number,
  mayRead: (workloadId: string) => boolean,
): readonly OpenDependency[] => {
  const open: OpenDependency[] = [];
  let wanted = Math.min(row.open_deps, limit);
  if (wanted <= 0) return open;
  for (const id of policy.dependsOn(unit.depends)) {
    const blocker = reader.byId(dialect, id)?.unit;
    if (blocker !== undefined && policy.satisfies(blocker.status, blocker.outcome)) continue;
    if (blocker === undefined || blocker.workload === unit.workload || mayRead(blocker.workload)) {
      open.push({ id, status: blocker?.status });
    }
    wanted -= 1;
    if (wanted === 0) break;
  }
  return open;
};
