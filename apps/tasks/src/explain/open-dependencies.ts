import type { Dialect } from '#ledger/ref.js';
import type { Policy } from '../engine/policy.js';
import type { StoredUnit, UnitReader } from '../engine/unit-row.js';

/** A dependency that is not satisfied. */
export interface OpenDependency {
  readonly id: string;
  /** Undefined when no unit has the id. */
  readonly status: string | undefined;
}

/** The first open dependencies of a unit, at most `limit`. */
export const openDependencies = (
  reader: UnitReader,
  dialect: Dialect,
  policy: Policy,
  { unit, row }: StoredUnit,
  limit: number,
): readonly OpenDependency[] => {
  const open: OpenDependency[] = [];
  const wanted = Math.min(row.open_deps, limit);
  if (wanted <= 0) return open;
  for (const id of policy.dependsOn(unit.depends)) {
    const blocker = reader.byId(dialect, id)?.unit;
    if (blocker !== undefined && policy.satisfies(blocker.status, blocker.outcome)) continue;
    open.push({ id, status: blocker?.status });
    if (open.length === wanted) break;
  }
  return open;
};
