import type { Ranges } from '#contracts/work-events.js';
import { workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { Assignment } from './assignment.js';
import { mayHaveHolder } from './evolve.js';
import type { Policy } from './policy.js';
import type { ClassId } from './ready-queue.js';
import type { StatusId } from './statuses.js';
import { LISTING } from './tables.js';
import type { Recorded } from './unit-event.js';
import type { UnitKey } from './unit.js';
import { keysOf, type UnitSlice, UnitSlices } from './unit-slices.js';
import type { UnitStore } from './unit-store.js';
import type { WordId } from './words.js';

/** A slice with units of more kinds is changed unit by unit: each kind takes a statement that looks at all its units. */
const KINDS_MAX = 16;

/** Units changed one by one between two yields. */
const UNITS_PER_YIELD = 100;

type Row = Readonly<Record<string, unknown>>;

/** Attributes that units of a slice share and by which their class is found. Those that all of them get are not looked at. */
interface Kind {
  readonly workload: WorkloadId;
  readonly label: WordId | null;
  readonly isBlocked: boolean;
  readonly requirements?: WordId;
  readonly site?: WordId;
  readonly isLeased?: boolean;
  readonly status?: StatusId;
}

/** An assignment with the integers of its words. */
interface Resolved extends Recorded {
  readonly assignment: Assignment;
  readonly status: StatusId | undefined;
  readonly site: WordId | undefined;
  readonly requirements: WordId | undefined;
  readonly policy: Policy;
}

/**
 * Changes many units with a few statements. The result for each unit is the same as with `evolve`: a property test checks it.
 */
export class UnitRanges {
  private readonly slices: UnitSlices;

  constructor(private readonly store: UnitStore) {
    this.slices = new UnitSlices(store);
  }

  /**
   * Sets the same for all units of the ranges.
   *
   * @param each where statements are not worth it: changes one unit
   */
  *assign(
    workload: WorkloadId,
    ranges: Ranges,
    assignment: Assignment,
    recorded: Recorded,
    each: (key: UnitKey) => void | Generator<void, void, void>,
  ): Generator<void, void, void> {
    const resolved = this.resolve(workload, assignment, recorded);
    for (const slice of this.slices.cut(workload, ranges)) {
      if (slice.isFew || (mayBeReady(resolved) && this.kindsOf(slice, resolved).length > KINDS_MAX)) {
        yield* this.assignEach(slice, each);
      } else {
        yield* this.assignSlice(slice, resolved);
      }
      yield;
    }
  }

  private resolve(workload: WorkloadId, assignment: Assignment, recorded: Recorded): Resolved {
    const { words, workloads } = this.store.reader;
    const { status, outcome = '', site, requirements } = assignment;
    const dialect = workloads.dialectOf(workload);
    return {
      assignment,
      policy: this.store.policies.of(dialect),
      status: status === undefined ? undefined : words.status.idOf(dialect, status, outcome),
      site: site === undefined ? undefined : words.site.idOf(site),
      requirements: requirements === undefined ? undefined : words.requirements.idOf(requirements),
      ...recorded,
    };
  }

  private *assignEach(
    slice: UnitSlice,
    each: (key: UnitKey) => void | Generator<void, void, void>,
  ): Generator<void, void, void> {
    let done = 0;
    for (const key of keysOf(slice)) {
      const rest = each(key);
      if (rest !== undefined) yield* rest;
      if ((done += 1) % UNITS_PER_YIELD === 0) yield;
    }
  }

  private *assignSlice(slice: UnitSlice, resolved: Resolved): Generator<void, void, void> {
    const { store } = this;
    if (resolved.status !== undefined) yield* this.openDependents(slice, resolved.status);
    const classes = new Set<ClassId>(this.slices.recount(slice, resolved));
    if (mayBeReady(resolved)) {
      for (const kind of this.kindsOf(slice, resolved)) {
        const joined = this.assignKind(slice, kind, resolved);
        if (joined !== null) classes.add(joined);
      }
    } else {
      this.run(slice, resolved, null);
    }
    store.forgetRows();
    store.ready.invalidate(classes);
  }

  private kindsOf({ statements, selected }: UnitSlice, resolved: Resolved): Kind[] {
    const { requirements, site, status, assignment } = resolved;
    const columns = [
      ...[`${LISTING} AS workload`, 'label', 'open_deps > 0 AS blocked'],
      ...(requirements === undefined ? ['requirements'] : []),
      ...(site === undefined ? ['site'] : []),
      ...(assignment.leaseId === undefined ? ['lease_id IS NOT NULL AS leased'] : []),
      ...(status === undefined ? ['status'] : []),
    ];
    const statement = statements.of(`SELECT DISTINCT ${columns.join(', ')} FROM unit`);
    return statement.all(...selected).map(kindOf);
  }

  private assignKind(slice: UnitSlice, kind: Kind, resolved: Resolved): ClassId | null {
    const { reader, ready } = this.store;
    const { policy, assignment } = resolved;
    const isLeased = assignment.leaseId === undefined ? kind.isLeased === true : assignment.leaseId !== '';
    const status = resolved.status ?? kind.status ?? 0;
    const queue = policy.queueOf(reader.words.status.wordOf(status), isLeased);
    const id =
      queue === undefined
        ? null
        : ready.classFor({
            ...{ queue, workload: kind.workload, isBlocked: kind.isBlocked, isLeased },
            home: workloadOfKey(slice.ranges[0]?.[0] ?? 0),
            label: kind.label ?? 0,
            site: resolved.site ?? kind.site ?? 0,
            requirements: resolved.requirements ?? kind.requirements ?? 0,
          });
    this.run(slice, resolved, id, kind);
    return id;
  }

  private run(slice: UnitSlice, resolved: Resolved, ready: ClassId | null, kind?: Kind): void {
    const { assignment, policy, status, site, requirements } = resolved;
    const { leaseId, holder, failures, outcome = '' } = assignment;
    const sets: (readonly [column: string, value: string | number | null])[] = [
      ['class', ready],
      ['touched', resolved.timeMicros],
      ['revision', resolved.revision],
    ];
    if (status !== undefined) sets.push(['status', status], ['changed', assignment.changedMicros ?? 0]);
    if (leaseId !== undefined) sets.push(['lease_id', leaseId === '' ? null : leaseId]);
    const isEnd =
      assignment.status !== undefined && !mayHaveHolder({ status: assignment.status, outcome, leaseId }, policy);
    if (holder !== undefined || isEnd) sets.push(['holder', holder === undefined || holder === '' ? null : holder]);
    if (site !== undefined) sets.push(['site', site]);
    if (requirements !== undefined) sets.push(['requirements', requirements]);
    if (failures !== undefined) sets.push(['failures', failures]);
    const conditions = kind === undefined ? [] : conditionsOf(kind);
    const statement = slice.statements.of(
      `UPDATE unit SET ${sets.map(([column]) => `${column} = ?`).join(', ')}`,
      conditions.map(([sql]) => ` AND ${sql}`).join(''),
    );
    statement.run(...sets.map(([, value]) => value), ...slice.selected, ...conditions.map(([, value]) => value));
  }

  /** Dependencies on units that now satisfy them are open no more; those on units that no longer do are open again. */
  private *openDependents(slice: UnitSlice, status: StatusId): Generator<void, void, void> {
    const { store } = this;
    const isSatisfied = store.satisfies(status);
    const statement = slice.statements.of('SELECT DISTINCT status FROM unit');
    const changed = statement.all(...slice.selected).map((row) => Number(row['status']));
    if (changed.every((before) => store.satisfies(before) === isSatisfied)) return;
    const by = isSatisfied ? -1 : 1;
    for (const [first, last] of slice.ranges)
      yield* store.openDependents(first, last, (before) => (store.satisfies(before) === isSatisfied ? 0 : by));
  }
}

const mayBeReady = ({ assignment: { status }, policy }: Resolved): boolean =>
  status === undefined || policy.queueOf(status, false) !== undefined || policy.queueOf(status, true) !== undefined;

/** A changed unit may match a later kind of its slice. Changing it again has no effect. */
const conditionsOf = (kind: Kind): (readonly [sql: string, value: string | number | null])[] => {
  const conditions: (readonly [string, string | number | null])[] = [
    [`${LISTING} = ?`, kind.workload],
    ['label IS ?', kind.label],
    ['(open_deps > 0) = ?', +kind.isBlocked],
  ];
  if (kind.requirements !== undefined) conditions.push(['requirements = ?', kind.requirements]);
  if (kind.site !== undefined) conditions.push(['site = ?', kind.site]);
  if (kind.isLeased !== undefined) conditions.push(['(lease_id IS NOT NULL) = ?', +kind.isLeased]);
  // The unary plus keeps SQLite from using the index by status.
  if (kind.status !== undefined) conditions.push(['+status = ?', kind.status]);
  return conditions;
};

const kindOf = (row: Row): Kind => ({
  workload: Number(row['workload']),
  label: row['label'] === null ? null : Number(row['label']),
  isBlocked: row['blocked'] === 1,
  ...(row['requirements'] !== undefined && { requirements: Number(row['requirements']) }),
  ...(row['site'] !== undefined && { site: Number(row['site']) }),
  ...(row['leased'] !== undefined && { isLeased: row['leased'] === 1 }),
  ...(row['status'] !== undefined && { status: Number(row['status']) }),
});
