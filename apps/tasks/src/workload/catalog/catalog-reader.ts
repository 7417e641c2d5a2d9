import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import { accessDenied } from '#contracts/access.js';
import type { WorkloadPhase } from '#contracts/workloads.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { Dialect } from '#ledger/ref.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { WorkloadId } from '../workloads.js';
import { isReadable } from './readable-classes.js';
import type { ListedWorkload } from './workload-document.js';

/** A workload that was submitted, and who may read it. */
export interface CatalogedWorkload extends ListedWorkload {
  readonly workload: WorkloadId;
  readonly dialect: Dialect;
  readonly phase: WorkloadPhase;
  readonly rule: string;
}

type Values = readonly [
  ...[workload: WorkloadId, ref: string, dialect: Dialect, id: string, name: string, owner: string],
  ...[status: string, phase: WorkloadPhase, created: number, changed: number, progress: number, rule: string],
];

const SELECT = `SELECT catalog.workload, ref, workload.dialect, workload.name, catalog.name, owner,
  catalog_class.status, phase, created, changed, progress, rule
  FROM catalog JOIN workload ON workload.id = catalog.workload JOIN catalog_class ON catalog_class.id = class`;

const workloadOf = (row: Values): CatalogedWorkload => {
  const [workload, ref, dialect, id, name, owner, status, phase, createdMicros, changedMicros, progress, rule] = row;
  return { workload, ref, dialect, id, name, owner, status, phase, createdMicros, changedMicros, progress, rule };
};

const notFound = (): DomainError => new DomainError('not-found', 'workload.not-found', 'Workload not found');

/** Single workloads of the catalog, on one connection. */
export class CatalogReader {
  private readonly select: ArrayStatement<Values>;
  private readonly selectByRef: ArrayStatement<Values>;

  constructor(
    private readonly units: UnitReader,
    private readonly dialects: readonly Dialect[],
  ) {
    const { database } = units;
    this.select = arrayStatement(database, `${SELECT} WHERE catalog.workload = ?`);
    this.selectByRef = arrayStatement(database, `${SELECT} WHERE ref = ?`);
  }

  byId(workload: WorkloadId): CatalogedWorkload | undefined {
    const row = this.select.get(workload);
    return row && workloadOf(row);
  }

  byRef(ref: string): CatalogedWorkload | undefined {
    const row = this.selectByRef.get(ref);
    return row && workloadOf(row);
  }

  /** Ref of a workload; names it in all read models. */
  refOf(workload: WorkloadId): string {
    return this.units.workloads.refOf(workload);
  }

  /** 0 for a ref that no event has named. */
  idOfRef(ref: string): WorkloadId {
    return this.units.workloads.idOfRef(ref) ?? 0;
  }

  /** @param refOrId its ref, or its id where only one workload that the caller may read has it */
  find(refOrId: string, caller: Caller): CatalogedWorkload | DomainError {
    const byRef = this.byRef(refOrId);
    const found = byRef === undefined ? this.named(refOrId) : [byRef];
    if (found.length === 0) return notFound();
    const [first, ...others] = found.filter(({ rule }) => isReadable(rule, caller));
    if (first === undefined) return accessDenied();
    if (others.length === 0) return first;
    const refs = [first, ...others].map(({ ref }) => ref).join(', ');
    return new DomainError('conflict', 'workload.ambiguous', `Several workloads have this id; name one of ${refs}`);
  }

  private named(id: string): readonly CatalogedWorkload[] {
    return this.dialects.flatMap((dialect) => {
      const workload = this.units.workloads.find(dialect, id);
      return (workload === undefined ? undefined : this.byId(workload)) ?? [];
    });
  }
}
