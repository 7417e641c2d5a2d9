import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import type { Dialect } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import { isWorkerOnly, leaseHolderOf, leaseNotHeld } from '#contracts/leases.js';
import { LISTING } from '../engine/tables.js';
import type { UnitReader } from '../engine/unit-row.js';

/**
 * What a request of a worker concerns: units that it is about to claim, or one that it holds. With a `workload`, the unit must
 * be listed there.
 */
export type LeaseScope = 'claim' | { readonly unit: string | undefined; readonly workload?: string | undefined };

/** Who holds which units: decides what callers of the role `worker` may reach. */
export class Leases {
  private readonly selectUnit: StatementSync;
  private readonly selectHeld: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly reader: UnitReader,
  ) {
    this.selectUnit = database.prepare(`SELECT holder, ${LISTING} AS workload FROM unit WHERE dialect = ? AND id = ?`);
    this.selectHeld = database.prepare(`SELECT 1 FROM unit WHERE holder = ? AND ${LISTING} = ? LIMIT 1`);
  }

  /** Callers with another role pass. A worker is refused where no scope says what the request concerns. */
  authorize(dialect: Dialect, caller: Caller, scope: LeaseScope | undefined): DomainError | undefined {
    if (!isWorkerOnly(caller) || scope === 'claim') return undefined;
    const holds = scope?.unit !== undefined && this.holdsUnit(dialect, caller, scope.unit, scope.workload);
    return holds ? undefined : leaseNotHeld();
  }

  /** Whether the caller holds a unit that the workload lists. */
  holdsUnitOf(dialect: Dialect, caller: Caller, workloadId: string): boolean {
    const workload = this.reader.workloads.find(dialect, workloadId);
    return workload !== undefined && this.selectHeld.get(leaseHolderOf(caller), workload) !== undefined;
  }

  private holdsUnit(dialect: Dialect, caller: Caller, unit: string, workload: string | undefined): boolean {
    const row = this.selectUnit.get(this.reader.words.dialect.find(dialect) ?? null, unit);
    if (row === undefined || row['holder'] !== leaseHolderOf(caller)) return false;
    return workload === undefined || Number(row['workload']) === this.reader.workloads.find(dialect, workload);
  }
}
