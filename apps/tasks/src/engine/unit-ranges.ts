import type { StatementSync } from 'node:sqlite';
import type { Dialect } from '#ledger/ref.js';
import type { Ranges } from '#contracts/work-events.js';
import { keyOf, workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { type Assignment, mayHaveHolder } from './evolve.js';
import type { Policy } from './policy.js';
import type { ClassId } from './ready-queue.js';
import type { StatusId } from './statuses.js';
import type { UnitKey } from './unit.js';
import { LISTING } from './tables.js';
import type { UnitStore } from './unit-store.js';
import type { WordId } from './words.js';

/** Units that one set of statements changes: a few milliseconds of work. */
const SLICE_UNITS = 1_000;

/** Shorter ranges are changed unit by unit, which is faster for them. */
const RANGE_WORTH_STATEMENTS = 8;

type Row = Readonly<Record<string, unknown>>;

/** Attributes that units of a slice share and by which their class is found. */
interface Kind {
  readonly workload: WorkloadId;
  readonly requirements: WordId;
  readonly site: WordId;
  readonly label: WordId | null;
  readonly isBlocked: boolean;
  readonly isLeased: boolean;
}

const SAME_KIND = `${LISTING} = ? AND requirements = ? AND site = ? AND label IS ? AND (open_deps > 0) = ?
  AND (lease_id IS NOT NULL) = ?`;

interface RecordedAssignment extends Assignment {
  readonly revision: number;
}

/**
 * Changes whole ranges of units with a few statements. The result for each unit is the same as with `evolve`: a property test
 * checks it.
 */
export class UnitRanges {
  private readonly countBefore: StatementSync;
  private readonly runs: StatementSync;
  private readonly kinds: StatementSync;
  private readonly readyDependents: StatementSync;
  private readonly openOthers: StatementSync;
  private readonly assigning = new Map<string, StatementSync>();

  constructor(private readonly store: UnitStore) {
    const { database } = store;
    this.countBefore = database.prepare(
      `SELECT ${LISTING} AS workload, name, status, requirements, count(*) AS n
       FROM unit WHERE key BETWEEN ? AND ? GROUP BY 1, 2, 3, 4`,
    );
    this.runs = database.prepare(
      `SELECT ${LISTING} AS workload, name, requirements, walltime, walltime_err, count(*) AS n
       FROM unit WHERE key BETWEEN ? AND ? AND status = ? GROUP BY 1, 2, 3, 4, 5`,
    );
    this.kinds = database.prepare(
      `SELECT DISTINCT ${LISTING} AS workload, requirements, site, label, open_deps > 0 AS blocked,
         lease_id IS NOT NULL AS leased
       FROM unit WHERE key BETWEEN ? AND ?`,
    );
    const touched = `SELECT dependent, count(*) AS n FROM unit_edge JOIN unit AS blocking ON blocking.key = unit_edge.blocker
      WHERE blocker BETWEEN ? AND ? AND (blocking.status IN (SELECT value FROM json_each(?))) <> ? GROUP BY dependent`;
    this.readyDependents = database.prepare(
      `SELECT dependent, n FROM (${touched}) JOIN unit ON unit.key = dependent WHERE unit.class IS NOT NULL`,
    );
    this.openOthers = database.prepare(
      `UPDATE unit SET open_deps = open_deps + ? * n FROM (${touched}) WHERE key = dependent AND class IS NULL`,
    );
  }

  /**
   * Sets the same for all units of the ranges.
   *
   * @param revision number of the event in the workload's stream
   * @param each for ranges too short for statements: changes one unit
   */
  *assign(
    workload: WorkloadId,
    ranges: Ranges,
    assignment: Assignment,
    revision: number,
    each: (key: UnitKey) => void,
  ): Generator<void, void, void> {
    for (const [first, last] of ranges) {
      if (last - first + 1 < RANGE_WORTH_STATEMENTS) {
        for (let ordinal = first; ordinal <= last; ordinal += 1) each(keyOf(workload, ordinal));
        yield;
        continue;
      }
      for (let from = first; from <= last; from += SLICE_UNITS) {
        const to = Math.min(last, from + SLICE_UNITS - 1);
        this.assignSlice(keyOf(workload, from), keyOf(workload, to), { ...assignment, revision });
        yield;
      }
    }
  }

  private assignSlice(from: UnitKey, to: UnitKey, assignment: RecordedAssignment): void {
    const { store } = this;
    const policy = store.policyOf(from);
    const dialect = store.reader.workloads.dialectOf(workloadOfKey(from));
    const status = store.reader.words.status.idOf(dialect, assignment.status, assignment.outcome);
    this.openDependents(from, to, dialect, status);
    this.recount(from, to, status, policy);
    const joined: ClassId[] = [];
    if (mayBeReady(policy, assignment.status)) {
      for (const row of this.kinds.all(from, to)) {
        joined.push(...this.assignKind(from, to, kindOf(row), assignment, status));
      }
    } else {
      this.run(assignment, status, null, from, to);
    }
    store.forgetRows();
    store.ready.invalidate(joined);
  }

  private assignKind(
    from: UnitKey,
    to: UnitKey,
    kind: Kind,
    assignment: RecordedAssignment,
    status: StatusId,
  ): ClassId[] {
    const { reader, ready } = this.store;
    const isLeased = assignment.leaseId === undefined ? kind.isLeased : assignment.leaseId !== '';
    const queue = this.store.policyOf(from).queueOf(assignment.status, isLeased);
    const site = assignment.site === undefined ? kind.site : reader.words.site.idOf(assignment.site);
    const id =
      queue === undefined
        ? null
        : ready.classFor({ ...kind, label: kind.label ?? 0, home: workloadOfKey(from), queue, site, isLeased });
    // A changed unit may match a later kind of the slice. Changing it again has no effect.
    this.run(assignment, status, id, from, to, kind);
    return id === null ? [] : [id];
  }

  private run(
    assignment: RecordedAssignment,
    status: StatusId,
    ready: ClassId | null,
    from: UnitKey,
    to: UnitKey,
    kind?: Kind,
  ): void {
    const { words } = this.store.reader;
    const policy = this.store.policyOf(from);
    const { leaseId, holder, site, failures, changedMicros, revision } = assignment;
    const sets = ['status = ?', 'class = ?', 'changed = ?', 'touched = ?', 'revision = ?'];
    const values: (string | number | null)[] = [...[status, ready, changedMicros, changedMicros, revision]];
    const set = (column: string, value: string | number | null): void => {
      sets.push(`${column} = ?`);
      values.push(value);
    };
    if (leaseId !== undefined) set('lease_id', leaseId === '' ? null : leaseId);
    if (holder !== undefined || !mayHaveHolder(assignment, policy))
      set('holder', holder === undefined || holder === '' ? null : holder);
    if (site !== undefined) set('site', words.site.idOf(site));
    if (failures !== undefined) set('failures', failures);
    const sql = `UPDATE unit SET ${sets.join(', ')} WHERE key BETWEEN ? AND ?${kind === undefined ? '' : ` AND ${SAME_KIND}`}`;
    let statement = this.assigning.get(sql);
    if (statement === undefined) {
      statement = this.store.database.prepare(sql);
      this.assigning.set(sql, statement);
    }
    const of =
      kind === undefined
        ? []
        : [kind.workload, kind.requirements, kind.site, kind.label, +kind.isBlocked, +kind.isLeased];
    statement.run(...values, from, to, ...of);
  }

  private recount(from: UnitKey, to: UnitKey, status: StatusId, policy: Policy): void {
    const isDone = this.store.hasSucceeded(status);
    const retimed = new Set<StatusId>();
    for (const row of this.countBefore.all(from, to)) {
      if (Number(row['status']) === status) continue;
      const wasDone = this.store.hasSucceeded(Number(row['status']));
      if (wasDone !== isDone) retimed.add(Number(row['status']));
      const [workload, name, before, n] = [row['workload'], row['name'], row['status'], row['n']].map(Number);
      const isGpu = this.store.isGpu(Number(row['requirements']), policy);
      this.store.counts.change(workload ?? 0, name ?? 0, before ?? 0, isGpu, -(n ?? 0));
      this.store.counts.change(workload ?? 0, name ?? 0, status, isGpu, n ?? 0);
    }
    for (const before of retimed) this.retime(from, to, before, isDone ? 1 : -1);
    this.store.runTimes.store();
  }

  private retime(from: UnitKey, to: UnitKey, status: StatusId, sign: 1 | -1): void {
    const policy = this.store.policyOf(from);
    for (const row of this.runs.iterate(from, to, status)) {
      const [workload = 0, name = 0, requirements = 0, hours = 0, errHours = 0, n = 0] = [
        ...[row['workload'], row['name'], row['requirements'], row['walltime'], row['walltime_err'], row['n']],
      ].map(Number);
      const run = { hours, errHours, gpus: this.store.gpusOf(requirements, policy) };
      this.store.runTimes.change(workload, name, run, sign * n);
    }
  }

  /** Decrements the open dependencies on units of the slice that now satisfy them; increments those on units that no longer do. */
  private openDependents(from: UnitKey, to: UnitKey, dialect: Dialect, status: StatusId): void {
    const { store } = this;
    const isSatisfied = store.satisfies(status);
    const codes = JSON.stringify(store.reader.words.status.ofDialect(dialect).filter((id) => store.satisfies(id)));
    const rows = this.readyDependents.all(from, to, codes, +isSatisfied);
    this.openOthers.run(isSatisfied ? -1 : 1, from, to, codes, +isSatisfied);
    store.forgetRows();
    // Those that may be claimed change their class.
    store.changeOpenDependencies(
      rows.map((row) => [Number(row['dependent']), Number(row['n']) * (isSatisfied ? -1 : 1)]),
    );
  }
}

const mayBeReady = (policy: Policy, status: string): boolean =>
  policy.queueOf(status, false) !== undefined || policy.queueOf(status, true) !== undefined;

const kindOf = (row: Row): Kind => ({
  workload: Number(row['workload']),
  requirements: Number(row['requirements']),
  site: Number(row['site']),
  label: row['label'] === null ? null : Number(row['label']),
  isBlocked: row['blocked'] === 1,
  isLeased: row['leased'] === 1,
});
