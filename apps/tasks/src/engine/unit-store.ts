import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RecentMap } from '#platform/recent-map.js';
import type { Dialect } from '#ledger/ref.js';
import { workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { Counts, type CountSink } from './counts.js';
import { Dependencies, EDGES_READ } from './dependencies.js';
import type { Policies } from './policies.js';
import type { Policy } from './policy.js';
import { ReadyQueue, type ClassId } from './ready-queue.js';
import { Retries } from './retries.js';
import { type Run, RunTimes } from './run-times.js';
import type { StatusId } from './statuses.js';
import type { Recorded } from './unit-event.js';
import type { Unit, UnitKey } from './unit.js';
import { listingOf, type StoredUnit, UnitReader, type UnitRow } from './unit-row.js';
import type { WordId } from './words.js';

/** Bound of the cache of rows: a decision reads a unit just before its event changes it, and the next one is often about a unit of the last ones. */
const RECENT_MAX = 4_000;

/** Bound of each cache. A full cache is cleared. */
const CACHE_MAX = 20_000;

/** Attributes that select a ready class, besides status and lease. */
interface Attributes {
  readonly workload: WorkloadId;
  readonly requirements: WordId;
  readonly site: WordId;
  readonly label: WordId | null;
}

/** Attributes by which units are counted. */
interface Counted {
  readonly listing: WorkloadId;
  readonly name: WordId;
  readonly status: StatusId;
  readonly requirements: WordId;
}

/**
 * Writes single units on the writing connection, and updates everything that depends on them: counts, run times, ready classes,
 * open dependencies. `UnitRanges` changes many units at once.
 */
export class UnitStore {
  readonly reader: UnitReader;
  readonly counts: Counts;
  readonly runTimes: RunTimes;
  readonly ready: ReadyQueue;
  readonly dependencies: Dependencies;
  readonly retries: Retries;
  private readonly recent = new RecentMap<StoredUnit, UnitKey>(RECENT_MAX);
  private readonly gpus = new Map<Policy, Map<WordId, number>>();
  private readonly policyOfWorkload = new Map<WorkloadId, Policy>();
  private readonly insertRow: StatementSync;
  private readonly advanceRow: StatementSync;
  private readonly moveRow: StatementSync;
  private readonly replaceRow: StatementSync;
  private readonly setOpen: StatementSync;
  private readonly addOpen: StatementSync;

  constructor(
    readonly database: DatabaseSync,
    readonly policies: Policies,
  ) {
    this.reader = new UnitReader(database);
    this.counts = new Counts(database);
    this.runTimes = new RunTimes(database);
    this.ready = new ReadyQueue(database, this.reader, policies);
    this.dependencies = new Dependencies(database, (status) => this.satisfies(status));
    this.retries = new Retries(database);
    this.insertRow = database.prepare(
      `INSERT INTO unit (key, dialect, id, grp, group_index, idx, name, depends, open_deps, requirements, status, class,
         priority, lease_id, site, changed, touched, revision, failures, evictions, walltime, walltime_err,
         walltime_err_n, label)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?)`,
    );
    // SQLite updates the indexes of all columns that a statement names, so the common changes name only a few columns.
    const moved = `status = ?, class = ?, lease_id = ?, holder = ?, site = ?, changed = ?, touched = ?, revision = ?, failures = ?,
      requirements = ?, walltime = ?, walltime_err = ?, walltime_err_n = ?`;
    this.advanceRow = database.prepare(
      `UPDATE unit SET status = ?, changed = ?, touched = ?, revision = ?, failures = ?, walltime = ?, walltime_err = ?, walltime_err_n = ?
       WHERE key = ?`,
    );
    this.moveRow = database.prepare(`UPDATE unit SET ${moved} WHERE key = ?`);
    this.replaceRow = database.prepare(
      `UPDATE unit SET ${moved}, workload = ?, grp = ?, group_index = ?, idx = ?, name = ?, depends = ?, open_deps = ?,
         priority = ?, evictions = ?, extra = ?, label = ? WHERE key = ?`,
    );
    this.setOpen = database.prepare('UPDATE unit SET open_deps = ?, class = ? WHERE key = ?');
    this.addOpen = database.prepare('UPDATE unit SET open_deps = open_deps + ? WHERE key = ? AND class IS NULL');
  }

  byId(dialect: Dialect, id: string): StoredUnit | undefined {
    const stored = this.reader.byId(dialect, id);
    if (stored !== undefined) this.remember(stored);
    return stored;
  }

  byKey(key: UnitKey): StoredUnit | undefined {
    const recent = this.recent.get(key);
    if (recent !== undefined) return recent;
    const stored = this.reader.byKey(key);
    if (stored !== undefined) this.remember(stored);
    return stored;
  }

  /** The policy of a unit's dialect. */
  policyOf(key: UnitKey): Policy {
    const workload = workloadOfKey(key);
    const known = this.policyOfWorkload.get(workload);
    if (known !== undefined) return known;
    const policy = this.policies.of(this.reader.workloads.dialectOf(workload));
    if (this.policyOfWorkload.size >= CACHE_MAX) this.policyOfWorkload.clear();
    this.policyOfWorkload.set(workload, policy);
    return policy;
  }

  /** Id of the unit's dialect. */
  dialectOf(key: UnitKey): WordId {
    return this.reader.words.dialect.idOf(this.reader.workloads.dialectOf(workloadOfKey(key)));
  }

  gpusOf(requirements: WordId, policy: Policy): number {
    const known = this.gpus.get(policy)?.get(requirements);
    if (known !== undefined) return known;
    const gpus = policy.gpusOf(this.reader.words.requirements.wordOf(requirements));
    let ofPolicy = this.gpus.get(policy);
    if (ofPolicy === undefined) this.gpus.set(policy, (ofPolicy = new Map<WordId, number>()));
    if (ofPolicy.size >= CACHE_MAX) ofPolicy.clear();
    ofPolicy.set(requirements, gpus);
    return gpus;
  }

  isGpu(requirements: WordId, policy: Policy): boolean {
    return this.gpusOf(requirements, policy) >= 1;
  }

  /** Whether units of this status have succeeded, so that their run times count. */
  hasSucceeded(status: StatusId): boolean {
    const { dialect, word, outcome } = this.reader.words.status.of(status);
    return this.policies.of(dialect).phaseOf(word, outcome) === 'succeeded';
  }

  /** Whether a dependency on a unit of this status is satisfied. */
  satisfies(status: StatusId): boolean {
    const { dialect, word, outcome } = this.reader.words.status.of(status);
    return this.policies.of(dialect).satisfies(word, outcome);
  }

  /** Stores a new unit. Its home lists it. */
  insert(unit: Unit, { timeMicros, revision }: Recorded, counts: CountSink = this.counts): void {
    const { words } = this.reader;
    const workload = workloadOfKey(unit.key);
    const policy = this.policyOf(unit.key);
    const dialect = this.dialectOf(unit.key);
    const [name, requirements, status, site] = [
      words.name.idOf(unit.name),
      words.requirements.idOf(unit.requirements),
      words.status.idOf(this.reader.workloads.dialectOf(workload), unit.status, unit.outcome),
      words.site.idOf(unit.site),
    ];
    const group = unit.group === '' ? null : words.group.idOf(unit.group);
    const label = this.labelOf(unit);
    const openDeps = this.dependencies.link(dialect, unit.key, policy.dependsOn(unit.depends));
    const ready = this.classOf(unit, { workload, requirements, site, label }, openDeps);
    this.insertRow.run(
      ...[
        unit.key,
        dialect,
        unit.id,
        group,
        unit.groupIndex,
        unit.index,
        name,
        unit.depends === '[]' ? null : unit.depends,
      ],
      ...[openDeps, requirements, status, ready, unit.priority, unit.leaseId === '' ? null : unit.leaseId, site],
      ...[unit.changedMicros, timeMicros, revision, label],
    );
    counts.change(workload, name, status, this.isGpu(requirements, policy), 1);
    counts.recordNameOrder(workload, name, unit.index);
    const isSatisfying = this.satisfies(status);
    if (this.hasSucceeded(status)) {
      this.runTimes.change(workload, name, this.runOf(unit, requirements, policy), 1);
    }
    if (ready !== null) this.ready.joined(ready, unit);
    this.changeOpenDependencies(this.dependencies.discover(dialect, unit.id, unit.key, isSatisfying));
  }

  /**
   * Stores a unit after an event. Its dependents may be many: the returned work changes their open dependencies.
   */
  replace(
    { unit: before, row }: StoredUnit,
    after: Unit,
    { timeMicros, revision }: Recorded,
  ): void | Generator<void, void, void> {
    const { words } = this.reader;
    const policy = this.policyOf(row.key);
    const isSameStatus = after.status === before.status && after.outcome === before.outcome;
    const status = isSameStatus
      ? row.status
      : words.status.idOf(this.reader.workloads.dialectOf(workloadOfKey(row.key)), after.status, after.outcome);
    const site = after.site === before.site ? row.site : words.site.idOf(after.site);
    const requirements =
      after.requirements === before.requirements ? row.requirements : words.requirements.idOf(after.requirements);
    const isPlain = isPlainChange(before, after);
    const name = isPlain || after.name === before.name ? row.name : words.name.idOf(after.name);
    const listed = after.workload === before.workload ? row.workload : this.listedElsewhere(after);
    const openDeps = after.depends === before.depends ? row.open_deps : this.relink(before, after);
    const listing = listingOf({ key: row.key, workload: listed });
    const label = isPlain || after.label === before.label ? row.label : this.labelOf(after);
    const ready = this.classOf(after, { workload: listing, requirements, site, label }, openDeps);
    const lease = after.leaseId === '' ? null : after.leaseId;
    const holder = after.holder === '' ? null : after.holder;
    const { changedMicros: changed, failures, walltimeHours, walltimeErrHours, walltimeErrCount } = after;
    const runs = [walltimeHours, walltimeErrHours, walltimeErrCount] as const;
    const moved = [status, ready, lease, holder, site, changed, timeMicros, revision, failures, requirements] as const;
    const isAdvance =
      ready === row.class &&
      lease === row.lease_id &&
      holder === row.holder &&
      site === row.site &&
      requirements === row.requirements;
    this.recent.delete(row.key);
    if (isPlain) {
      if (isAdvance) this.advanceRow.run(status, changed, timeMicros, revision, failures, ...runs, row.key);
      else this.moveRow.run(...moved, ...runs, row.key);
      const times = { changed, touched: timeMicros, revision };
      this.remember({
        unit: after,
        row: { ...movedRow(row, after), ...times, status, class: ready, site, requirements },
      });
    } else {
      const group = after.group === before.group ? row.grp : words.group.idOf(after.group);
      this.replaceRow.run(
        ...[
          ...moved,
          ...runs,
          listed,
          group,
          after.groupIndex,
          after.index,
          name,
          after.depends === '[]' ? null : after.depends,
        ],
        ...[openDeps, after.priority, after.evictions, after.extra ?? null, label, row.key],
      );
      this.counts.recordNameOrder(listing, name, after.index);
    }
    this.recount(row, { listing, name, status, requirements }, policy);
    this.retime(before, row, after, { listing, name, status, requirements }, policy);
    this.requeue(row, ready, after);
    if (isSameStatus) return;
    const isSatisfying = this.satisfies(status);
    if (isSatisfying === this.satisfies(row.status)) return;
    const edges = this.dependencies.edgesOn(row.key, row.key);
    if (edges.length > 0) return this.openDependents(row.key, row.key, () => (isSatisfying ? -1 : 1), edges);
  }

  /**
   * Changes the open dependencies of all dependents of a range of units, or of the units of a slice of them.
   *
   * @param change by how many, from the status of the blocker
   * @param first of these dependencies
   */
  *openDependents(
    from: UnitKey,
    to: UnitKey,
    change: (status: StatusId) => number,
    first = this.dependencies.edgesOn(from, to),
  ): Generator<void, void, void> {
    for (let edges = first; edges.length > 0;) {
      const changes = new Map<UnitKey, number>();
      for (const { dependent, status } of edges) {
        const by = change(status);
        if (by !== 0) changes.set(dependent, (changes.get(dependent) ?? 0) + by);
      }
      this.changeOpenDependencies(changes);
      if (edges.length < EDGES_READ) return;
      yield;
      edges = this.dependencies.edgesOn(from, to, edges.at(-1));
    }
  }

  /** Changes the number of open dependencies of units. */
  changeOpenDependencies(changes: Iterable<readonly [key: UnitKey, by: number]>): void {
    for (const [key, by] of changes) {
      if (this.addOpen.run(by, key).changes === 1) {
        this.recent.delete(key);
        continue;
      }
      const stored = this.byKey(key);
      if (stored === undefined) continue;
      const { row, unit } = stored;
      const openDeps = row.open_deps + by;
      const ready = row.class === null ? null : this.classOf(unit, { ...row, workload: listingOf(row) }, openDeps);
      this.setOpen.run(openDeps, ready, key);
      this.recent.delete(key);
      this.requeue(row, ready, unit);
    }
  }

  /** Clears the cache of rows after statements that change many units. */
  forgetRows(): void {
    this.recent.clear();
  }

  /** Writes what is summed up over a transaction. */
  flush(): void {
    this.counts.flush();
    this.runTimes.store();
  }

  forget(): void {
    this.recent.clear();
    this.gpus.clear();
    this.policyOfWorkload.clear();
    this.counts.forget();
    this.dependencies.forget();
    this.runTimes.forget();
    this.reader.forget();
    this.ready.forget();
  }

  private classOf(unit: Unit, { workload, requirements, site, label }: Attributes, openDeps: number): ClassId | null {
    const isLeased = unit.leaseId !== '';
    const queue = this.policyOf(unit.key).queueOf(unit.status, isLeased);
    if (queue === undefined) return null;
    const home = workloadOfKey(unit.key);
    const attributes = { workload, home, requirements, site, label: label ?? 0 };
    return this.ready.classFor({ queue, ...attributes, isBlocked: openDeps > 0, isLeased });
  }

  private labelOf({ label }: Unit): WordId | null {
    return label === '' ? null : this.reader.words.label.idOf(label);
  }

  private listedElsewhere(unit: Unit): WorkloadId | null {
    const workload = this.reader.workloads.ensure(this.policyOf(unit.key).streamOf(unit.workload), unit.workload);
    return workload === workloadOfKey(unit.key) ? null : workload;
  }

  private relink(before: Unit, after: Unit): number {
    const [dialect, policy] = [this.dialectOf(before.key), this.policyOf(before.key)];
    this.dependencies.unlink(dialect, before.key, policy.dependsOn(before.depends));
    return this.dependencies.link(dialect, after.key, policy.dependsOn(after.depends));
  }

  private recount(row: UnitRow, { listing, name, status, requirements }: Counted, policy: Policy): void {
    const before = listingOf(row);
    const [wasGpu, isGpu] = [this.isGpu(row.requirements, policy), this.isGpu(requirements, policy)];
    if (before === listing && row.name === name && row.status === status && wasGpu === isGpu) return;
    this.counts.change(before, row.name, row.status, wasGpu, -1);
    this.counts.change(listing, name, status, isGpu, 1);
  }

  private retime(
    before: Unit,
    row: UnitRow,
    after: Unit,
    { listing, name, status, requirements }: Counted,
    policy: Policy,
  ): void {
    const [wasDone, isDone] = [this.hasSucceeded(row.status), this.hasSucceeded(status)];
    if (!wasDone && !isDone) return;
    const [left, come] = [this.runOf(before, row.requirements, policy), this.runOf(after, requirements, policy)];
    const isSame = left.hours === come.hours && left.errHours === come.errHours && left.gpus === come.gpus;
    if (wasDone && isDone && isSame && listingOf(row) === listing && row.name === name) return;
    if (wasDone) this.runTimes.change(listingOf(row), row.name, left, -1);
    if (isDone) this.runTimes.change(listing, name, come, 1);
  }

  private runOf({ walltimeHours, walltimeErrHours }: Unit, requirements: WordId, policy: Policy): Run {
    return { hours: walltimeHours, errHours: walltimeErrHours, gpus: this.gpusOf(requirements, policy) };
  }

  private requeue(row: UnitRow, ready: ClassId | null, after: Unit): void {
    if (row.class !== null) this.ready.left(row.class, row.key);
    if (ready !== null) this.ready.joined(ready, after);
  }

  private remember(stored: StoredUnit): void {
    this.recent.set(stored.row.key, stored);
  }
}

/** A row with what the unit has of its own, besides words, class and times. */
const movedRow = (row: UnitRow, unit: Unit): UnitRow => ({
  ...row,
  lease_id: unit.leaseId === '' ? null : unit.leaseId,
  holder: unit.holder === '' ? null : unit.holder,
  failures: unit.failures,
  walltime: unit.walltimeHours,
  walltime_err: unit.walltimeErrHours,
  walltime_err_n: unit.walltimeErrCount,
});

/** Whether only fields differ that claims, reports and moves change. */
const isPlainChange = (before: Unit, after: Unit): boolean =>
  before.workload === after.workload &&
  before.group === after.group &&
  before.groupIndex === after.groupIndex &&
  before.index === after.index &&
  before.name === after.name &&
  before.depends === after.depends &&
  before.priority === after.priority &&
  before.evictions === after.evictions &&
  before.label === after.label &&
  before.extra === after.extra;
