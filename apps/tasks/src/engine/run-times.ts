import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { WorkloadId } from '../workload/workloads.js';
import { type ExactSum, ZERO, plus, product, square, times } from './exact-sum.js';
import type { WordId } from './words.js';

/** Run times of one unit, and its GPUs. */
export interface Run {
  readonly hours: number;
  readonly errHours: number;
  readonly gpus: number;
}

/** The runs of all units of one name in a workload that have succeeded. */
export interface RunTimeSums {
  readonly count: number;
  readonly gpus: ExactSum;
  readonly hours: ExactSum;
  readonly errHours: ExactSum;
  /** Sum of the squares of `hours`. */
  readonly squares: ExactSum;
  readonly shortest: number;
  readonly longest: number;
  /** The sums are not exact: a unit with the shortest or longest run was removed, or a sum overflowed. Count the units instead. */
  readonly isVague: boolean;
}

export const NO_RUNS: RunTimeSums = {
  ...{ count: 0, gpus: ZERO, hours: ZERO, errHours: ZERO, squares: ZERO },
  ...{ shortest: Number.POSITIVE_INFINITY, longest: Number.NEGATIVE_INFINITY, isVague: false },
};

/** The sums after `by` units with equal runs were added, or removed if `by` is negative. */
export const afterRuns = (sums: RunTimeSums, { hours, errHours, gpus }: Run, by: number): RunTimeSums => {
  const count = sums.count + by;
  if (count === 0) return NO_RUNS;
  const after = {
    count,
    gpus: plus(sums.gpus, product(gpus, by)),
    hours: plus(sums.hours, product(hours, by)),
    errHours: plus(sums.errHours, product(errHours, by)),
    squares: plus(sums.squares, times(product(hours, hours), by)),
    shortest: by > 0 ? Math.min(sums.shortest, hours) : sums.shortest,
    longest: by > 0 ? Math.max(sums.longest, hours) : sums.longest,
  };
  const isBounded = [after.gpus, after.hours, after.errHours, after.squares].every((sum) => sum.every(Number.isFinite));
  const leavesEdge = by < 0 && (hours <= sums.shortest || hours >= sums.longest);
  return { ...after, isVague: sums.isVague || leavesEdge || !isBounded };
};

/** A smaller relative deviation is a rounding error: all numbers are the same. */
const ROUNDING = 2 ** -98;

/** Sample standard deviation of the hours. Null for a single run. */
export const deviationOf = ({ count, hours, squares }: RunTimeSums): number | null => {
  if (count < 2) return null;
  const whole = times(squares, count);
  const [spread] = plus(whole, times(square(hours), -1));
  return spread <= whole[0] * ROUNDING ? 0 : Math.sqrt(spread / count / (count - 1));
};

type Row = Readonly<Record<string, SQLOutputValue>>;

const numberIn = (row: Row, column: string): number => Number(row[column]);
const sumIn = (row: Row, column: string): ExactSum => [numberIn(row, column), numberIn(row, `${column}_rest`)];

const readSums = (row: Row): RunTimeSums => ({
  count: numberIn(row, 'n'),
  gpus: sumIn(row, 'gpus'),
  hours: sumIn(row, 'hours'),
  errHours: sumIn(row, 'err_hours'),
  squares: sumIn(row, 'squares'),
  shortest: numberIn(row, 'shortest'),
  longest: numberIn(row, 'longest'),
  isVague: row['vague'] === 1,
});

/** Sums of all names of a workload. */
export const runTimesOf = (database: DatabaseSync): ((workload: WorkloadId) => ReadonlyMap<WordId, RunTimeSums>) => {
  const select = database.prepare('SELECT * FROM unit_run_time WHERE workload = ?');
  return (workload) => new Map(select.all(workload).map((row) => [numberIn(row, 'name'), readSums(row)]));
};

/** Bound of the cache of sums. */
const RECENT_MAX = 4_096;

interface Kept {
  readonly workload: WorkloadId;
  readonly name: WordId;
  sums: RunTimeSums;
}

/** Updates sums of run times by increments, so that statistics need not read units. */
export class RunTimes {
  private readonly recent = new Map<string, Kept>();
  private readonly changed = new Set<Kept>();
  private readonly select: StatementSync;
  private readonly put: StatementSync;
  private readonly remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT * FROM unit_run_time WHERE workload = ? AND name = ?');
    this.put = database.prepare(
      'INSERT OR REPLACE INTO unit_run_time VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.remove = database.prepare('DELETE FROM unit_run_time WHERE workload = ? AND name = ?');
  }

  /** Adds `by` succeeded units to the sums of their name; negative numbers remove them. */
  change(workload: WorkloadId, name: WordId, run: Run, by: number): void {
    const kept = this.keptOf(workload, name);
    kept.sums = afterRuns(kept.sums, run, by);
    this.changed.add(kept);
  }

  /** Writes the sums that have changed: once for each transaction. */
  store(): void {
    for (const { workload, name, sums } of this.changed) {
      if (sums.count === 0) {
        this.remove.run(workload, name);
        continue;
      }
      // SQLite cannot store infinity: the row is marked as vague.
      const bounded = [...sums.gpus, ...sums.hours, ...sums.errHours, ...sums.squares, sums.shortest, sums.longest].map(
        (value) => (Number.isFinite(value) ? value : 0),
      );
      this.put.run(workload, name, sums.count, ...bounded, sums.isVague ? 1 : 0);
    }
    this.changed.clear();
  }

  forget(): void {
    this.recent.clear();
    this.changed.clear();
  }

  private keptOf(workload: WorkloadId, name: WordId): Kept {
    const key = `${String(workload)}:${String(name)}`;
    const known = this.recent.get(key);
    if (known !== undefined) return known;
    const row = this.select.get(workload, name);
    const kept = { workload, name, sums: row === undefined ? NO_RUNS : readSums(row) };
    if (this.recent.size >= RECENT_MAX) {
      this.store();
      this.recent.clear();
    }
    this.recent.set(key, kept);
    return kept;
  }
}
