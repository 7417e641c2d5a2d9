import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { Counts } from './counts.js';
import { Dependencies } from './dependencies.js';
import type { Policy } from './policy.js';
import { ReadyQueue, type ClassId } from './ready-queue.js';
import { type Run, RunTimes } from './run-times.js';
import type { Recorded } from './unit-event.js';
import type { Unit, UnitKey } from './unit.js';
import { listingOf, type StoredUnit, UnitReader, type UnitRow } from './unit-row.js';
import type { WordId } from './words.js';

/** Rows read last: a decision reads a unit just before its event changes it. */
const RECENT_MAX = 256;

/** Parsed answers about requirement texts that are kept; a full cache starts anew. */
const GPU_CACHE_MAX = 20_000;

/**
 * Writes single units on the writing connection and keeps everything that hangs on them in step: counts, run times, ready
 * classes, open dependencies. Changes of many units at once are `UnitRanges`'.
 */
export class UnitStore {
  readonly reader: UnitReader;
  readonly counts: Counts;
  readonly runTimes: RunTimes;
  readonly ready: ReadyQueue;
  readonly dependencies: Dependencies;
  private readonly recent = new Map<UnitKey, StoredUnit>();
  private readonly gpus = new Map<WordId, number>();
  private readonly insertRow: StatementSync;
  private readonly moveRow: StatementSync;
  private readonly replaceRow: StatementSync;
  private readonly setOpen: StatementSync;

  constructor(
    readonly database: DatabaseSync,
    readonly policy: Policy,
  ) {
    this.reader = new UnitReader(database);
    this.counts = new Counts(database);
    this.runTimes = new RunTimes(database);
    this.ready = new ReadyQueue(database, this.reader);
    this.dependencies = new Dependencies(database, this.reader, policy);
    this.insertRow = database.prepare(
      `INSERT INTO unit (key, id, grp, group_index, idx, name, depends, open_deps, requirements, status, class, priority,
         lease_id, site, changed, touched, revision, failures, evictions, walltime, walltime_err, walltime_err_n)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)`,
    );
    // SQLite writes the indexes of all columns named, changed or not: the common changes name only what they may change.
    const moved = `status = ?, class = ?, lease_id = ?, site = ?, changed = ?, touched = ?, revision = ?, failures = ?,
      requirements = ?, walltime = ?, walltime_err = ?, walltime_err_n = ?`;
    this.moveRow = database.prepare(`UPDATE unit SET ${moved} WHERE key = ?`);
    this.replaceRow = database.prepare(
      `UPDATE unit SET ${moved}, workload = ?, grp = ?, group_index = ?, idx = ?, name = ?, depends = ?, open_deps = ?,
         priority = ?, evictions = ?, extra = ? WHERE key = ?`,
    );
    this.setOpen = database.prepare('UPDATE unit SET open_deps = ?, class = ? WHERE key = ?');
  }

  byId(id: string): StoredUnit | undefined {
    const stored = this.reader.byId(id);
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

  gpusOf(requirements: WordId): number {
    const known = this.gpus.get(requirements);
    if (known !== undefined) return known;
    const gpus = this.policy.gpusOf(this.reader.words.requirements.wordOf(requirements));
    if (this.gpus.size >= GPU_CACHE_MAX) this.gpus.clear();
    this.gpus.set(requirements, gpus);
    return gpus;
  }

  isGpu(requirements: WordId): boolean {
    return this.gpusOf(requirements) >= 1;
  }

  /** Whether a unit of this status has run to its end: its times count. */
  isDone(status: string): boolean {
    return this.policy.phaseOf(status) === 'succeeded';
  }

  /** A unit that an event has added, listed at home. */
  insert(unit: Unit, { timeMicros, revision }: Recorded): void {
    const { words } = this.reader;
    const workload = workloadOfKey(unit.key);
    const [name, requirements, status, site] = [
      words.name.idOf(unit.name),
      words.requirements.idOf(unit.requirements),
      words.status.idOf(unit.status),
      words.site.idOf(unit.site),
    ];
    const group = words.group.idOf(unit.group);
    const openDeps = this.dependencies.link(unit.key, this.policy.dependsOn(unit.depends));
    const ready = this.classOf(unit, workload, requirements, site, openDeps);
    this.insertRow.run(
      ...[unit.key, unit.id, group, unit.groupIndex, unit.index, name, unit.depends === '[]' ? null : unit.depends],
      ...[openDeps, requirements, status, ready, unit.priority, unit.leaseId === '' ? null : unit.leaseId, site],
      ...[unit.changedMicros, timeMicros, revision],
    );
    this.counts.change(workload, name, status, this.isGpu(requirements), 1);
    this.counts.placeName(workload, name, unit.index);
    if (this.isDone(unit.status)) {
      this.runTimes.change(workload, name, this.runOf(unit, requirements), 1);
      this.runTimes.store();
    }
    if (ready !== null) this.ready.joined(ready, unit);
    this.openUp(this.dependencies.discover(unit.id, unit.key, this.policy.satisfies(unit.status)));
  }

  /** Stores what an event has made of a unit. */
  replace({ unit: before, row }: StoredUnit, after: Unit, { timeMicros, revision }: Recorded): void {
    const { words } = this.reader;
    const status = after.status === before.status ? row.status : words.status.idOf(after.status);
    const site = after.site === before.site ? row.site : words.site.idOf(after.site);
    const requirements =
      after.requirements === before.requirements ? row.requirements : words.requirements.idOf(after.requirements);
    const isPlain = isPlainChange(before, after);
    const name = isPlain || after.name === before.name ? row.name : words.name.idOf(after.name);
    const listed = after.workload === before.workload ? row.workload : this.listedElsewhere(after);
    const openDeps = after.depends === before.depends ? row.open_deps : this.relink(before, after);
    const listing = listingOf({ key: row.key, workload: listed });
    const ready = this.classOf(after, listing, requirements, site, openDeps);
    const moved = [
      ...[status, ready, after.leaseId === '' ? null : after.leaseId, site, after.changedMicros, timeMicros],
      ...[revision, after.failures, requirements, after.walltimeHours, after.walltimeErrHours, after.walltimeErrCount],
    ];
    if (isPlain) {
      this.moveRow.run(...moved, row.key);
    } else {
      const group = after.group === before.group ? row.grp : words.group.idOf(after.group);
      this.replaceRow.run(
        ...[
          ...moved,
          listed,
          group,
          after.groupIndex,
          after.index,
          name,
          after.depends === '[]' ? null : after.depends,
        ],
        ...[openDeps, after.priority, after.evictions, after.extra ?? null, row.key],
      );
      this.counts.placeName(listing, name, after.index);
    }
    this.recent.delete(row.key);
    this.recount(row, listing, name, status, requirements);
    this.retime(before, row, after, { listing, name, requirements });
    this.requeue(row, ready, after);
    const satisfied = [this.policy.satisfies(before.status), this.policy.satisfies(after.status)] as const;
    if (satisfied[0] !== satisfied[1]) {
      this.openUp(this.dependencies.dependentsOf(row.key).map((key) => [key, satisfied[1] ? -1 : 1]));
    }
  }

  /** Changes how many dependencies units wait for. */
  openUp(changes: Iterable<readonly [key: UnitKey, by: number]>): void {
    for (const [key, by] of changes) {
      const stored = this.byKey(key);
      if (stored === undefined) continue;
      const { row, unit } = stored;
      const openDeps = row.open_deps + by;
      const ready =
        row.class === null ? null : this.classOf(unit, listingOf(row), row.requirements, row.site, openDeps);
      this.setOpen.run(openDeps, ready, key);
      this.recent.delete(key);
      this.requeue(row, ready, unit);
    }
  }

  /** Drops rows that statements over many units may have changed. */
  forgetRows(): void {
    this.recent.clear();
  }

  forget(): void {
    this.recent.clear();
    this.gpus.clear();
    this.runTimes.forget();
    this.reader.forget();
    this.ready.forget();
  }

  private classOf(
    unit: Unit,
    workload: WorkloadId,
    requirements: WordId,
    site: WordId,
    openDeps: number,
  ): ClassId | null {
    const isLeased = unit.leaseId !== '';
    const lane = this.policy.laneOf(unit.status, isLeased);
    if (lane === undefined) return null;
    const home = workloadOfKey(unit.key);
    return this.ready.classFor({ lane, workload, home, requirements, site, isBlocked: openDeps > 0, isLeased });
  }

  private listedElsewhere(unit: Unit): WorkloadId | null {
    const workload = this.reader.workloads.ensure(this.policy.streamOf(unit.workload), unit.workload);
    return workload === workloadOfKey(unit.key) ? null : workload;
  }

  private relink(before: Unit, after: Unit): number {
    this.dependencies.unlink(before.key, this.policy.dependsOn(before.depends));
    return this.dependencies.link(after.key, this.policy.dependsOn(after.depends));
  }

  private recount(row: UnitRow, listing: WorkloadId, name: WordId, status: WordId, requirements: WordId): void {
    const before = listingOf(row);
    const [wasGpu, isGpu] = [this.isGpu(row.requirements), this.isGpu(requirements)];
    if (before === listing && row.name === name && row.status === status && wasGpu === isGpu) return;
    this.counts.change(before, row.name, row.status, wasGpu, -1);
    this.counts.change(listing, name, status, isGpu, 1);
  }

  private retime(
    before: Unit,
    row: UnitRow,
    after: Unit,
    { listing, name, requirements }: { listing: WorkloadId; name: WordId; requirements: WordId },
  ): void {
    const [wasDone, isDone] = [this.isDone(before.status), this.isDone(after.status)];
    if (!wasDone && !isDone) return;
    const [left, come] = [this.runOf(before, row.requirements), this.runOf(after, requirements)];
    const isSame = left.hours === come.hours && left.errHours === come.errHours && left.gpus === come.gpus;
    if (wasDone && isDone && isSame && listingOf(row) === listing && row.name === name) return;
    if (wasDone) this.runTimes.change(listingOf(row), row.name, left, -1);
    if (isDone) this.runTimes.change(listing, name, come, 1);
    this.runTimes.store();
  }

  private runOf({ walltimeHours, walltimeErrHours }: Unit, requirements: WordId): Run {
    return { hours: walltimeHours, errHours: walltimeErrHours, gpus: this.gpusOf(requirements) };
  }

  private requeue(row: UnitRow, ready: ClassId | null, after: Unit): void {
    if (row.class !== null) this.ready.left(row.class, row.key);
    if (ready !== null) this.ready.joined(ready, after);
  }

  private remember(stored: StoredUnit): void {
    if (this.recent.size >= RECENT_MAX) this.recent.clear();
    this.recent.set(stored.row.key, stored);
  }
}

/** Whether only such fields differ that claims, reports and moves change. */
const isPlainChange = (before: Unit, after: Unit): boolean =>
  before.workload === after.workload &&
  before.group === after.group &&
  before.groupIndex === after.groupIndex &&
  before.index === after.index &&
  before.name === after.name &&
  before.depends === after.depends &&
  before.priority === after.priority &&
  before.evictions === after.evictions &&
  before.extra === after.extra;
