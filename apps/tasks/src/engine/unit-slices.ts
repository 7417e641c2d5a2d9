import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Ranges } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { CountChanges } from './counts.js';
import type { Policy } from './policy.js';
import type { ClassId } from './ready-queue.js';
import type { StatusId } from './statuses.js';
import { LISTING } from './tables.js';
import type { UnitKey } from './unit.js';
import type { UnitStore } from './unit-store.js';
import type { WordId } from './words.js';

/** Units that one set of statements changes: a few milliseconds of work. */
const SLICE_UNITS = 1_000;

/** Fewer units are changed one by one, which is faster for them. */
const WORTH_STATEMENTS = 8;

/** Statements about the units of a slice, whose condition is `where`. */
class SliceStatements {
  readonly countBefore: StatementSync;
  readonly runs: StatementSync;
  private readonly others = new Map<string, StatementSync>();

  constructor(
    private readonly database: DatabaseSync,
    private readonly where: string,
  ) {
    this.countBefore = database.prepare(
      `SELECT ${LISTING} AS workload, name, status, requirements, class, count(*) AS n
       FROM unit WHERE ${where} GROUP BY 1, 2, 3, 4, 5`,
    );
    this.runs = database.prepare(
      `SELECT ${LISTING} AS workload, name, requirements, walltime, walltime_err, count(*) AS n
       FROM unit WHERE ${where} AND status = ? GROUP BY 1, 2, 3, 4, 5`,
    );
  }

  /** @param sql all before the condition, which further parameters precede */
  of(sql: string, more = ''): StatementSync {
    const text = `${sql} WHERE ${this.where}${more}`;
    let statement = this.others.get(text);
    if (statement === undefined) this.others.set(text, (statement = this.database.prepare(text)));
    return statement;
  }
}

/** Units of one workload that are changed together. */
export interface UnitSlice {
  readonly ranges: readonly (readonly [first: UnitKey, last: UnitKey])[];
  readonly statements: SliceStatements;
  /** Parameters of the condition of the statements. */
  readonly selected: readonly (string | number)[];
  /** Whether statements are slower than changing unit by unit. */
  readonly isFew: boolean;
}

/** What all units of a slice get. */
export interface CountedChange {
  readonly status?: StatusId | undefined;
  readonly requirements?: WordId | undefined;
}

export function* keysOf({ ranges }: UnitSlice): Generator<UnitKey, void, void> {
  for (const [first, last] of ranges) for (let key = first; key <= last; key += 1) yield key;
}

/** Cuts the units of an event into slices, and keeps counts and run times in step with what happens to whole slices. */
export class UnitSlices {
  private readonly ofRange: SliceStatements;
  private readonly ofList: SliceStatements;

  constructor(private readonly store: UnitStore) {
    this.ofRange = new SliceStatements(store.database, 'key BETWEEN ? AND ?');
    this.ofList = new SliceStatements(store.database, 'key IN (SELECT value FROM json_each(?))');
  }

  /** The units of a range. */
  of(first: UnitKey, last: UnitKey): UnitSlice {
    return { ranges: [[first, last]], statements: this.ofRange, selected: [first, last], isFew: false };
  }

  /** Short ranges are put together, so the slices are not in the order of the ranges. */
  *cut(workload: WorkloadId, ranges: Ranges): Generator<UnitSlice, void, void> {
    let short: (readonly [UnitKey, UnitKey])[] = [];
    let count = 0;
    for (const [first, last] of ranges) {
      if (last - first + 1 >= WORTH_STATEMENTS) {
        for (let from = first; from <= last; from += SLICE_UNITS)
          yield this.of(keyOf(workload, from), keyOf(workload, Math.min(last, from + SLICE_UNITS - 1)));
        continue;
      }
      short.push([keyOf(workload, first), keyOf(workload, last)]);
      count += last - first + 1;
      if (count < SLICE_UNITS) continue;
      yield this.list(short, count);
      short = [];
      count = 0;
    }
    if (count > 0) yield this.list(short, count);
  }

  /**
   * Changes counts and run times before the units of a slice get new values, or, without a change, before they are removed.
   *
   * @returns the ready classes that have units of the slice
   */
  recount(slice: UnitSlice, change: CountedChange | undefined): ClassId[] {
    const { store } = this;
    const policy = store.policyOf(slice.ranges[0]?.[0] ?? 0);
    const counts = new CountChanges();
    const retimed = new Set<StatusId>();
    const classes = new Set<ClassId>();
    for (const row of slice.statements.countBefore.all(...slice.selected)) {
      const [workload = 0, name = 0, before = 0, requirements = 0, n = 0] = [
        ...[row['workload'], row['name'], row['status'], row['requirements'], row['n']],
      ].map(Number);
      if (row['class'] !== null) classes.add(Number(row['class']));
      const [wasGpu, isGpu] = [
        store.isGpu(requirements, policy),
        store.isGpu(change?.requirements ?? requirements, policy),
      ];
      const status = change?.status ?? before;
      const isCounted = change !== undefined;
      if (!isCounted || status !== before || wasGpu !== isGpu) {
        counts.change(workload, name, before, wasGpu, -n);
        if (isCounted) counts.change(workload, name, status, isGpu, n);
      }
      const [wasDone, isDone] = [store.hasSucceeded(before), isCounted && store.hasSucceeded(status)];
      if (wasDone !== isDone || (wasDone && change?.requirements !== undefined)) retimed.add(before);
    }
    counts.flush(store.counts);
    for (const before of retimed) this.retime(slice, before, change, policy);
    return [...classes];
  }

  private retime(
    { statements, selected }: UnitSlice,
    before: StatusId,
    to: CountedChange | undefined,
    policy: Policy,
  ): void {
    const { store } = this;
    const wasDone = store.hasSucceeded(before);
    const isDone = to !== undefined && store.hasSucceeded(to.status ?? before);
    for (const row of statements.runs.iterate(...selected, before)) {
      const [workload = 0, name = 0, requirements = 0, hours = 0, errHours = 0, n = 0] = [
        ...[row['workload'], row['name'], row['requirements'], row['walltime'], row['walltime_err'], row['n']],
      ].map(Number);
      const [was, is] = [requirements, to?.requirements ?? requirements].map((id) => store.gpusOf(id, policy));
      if (wasDone && isDone && was === is) continue;
      if (wasDone) store.runTimes.change(workload, name, { hours, errHours, gpus: was ?? 0 }, -n);
      if (isDone) store.runTimes.change(workload, name, { hours, errHours, gpus: is ?? 0 }, n);
    }
  }

  private list(ranges: UnitSlice['ranges'], count: number): UnitSlice {
    const slice = { ranges, statements: this.ofList, isFew: count < WORTH_STATEMENTS };
    return { ...slice, selected: slice.isFew ? [] : [JSON.stringify([...keysOf({ ...slice, selected: [] })])] };
  }
}
