import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  CloneChosen,
  RangesAcquired,
  RangesCut,
  RangesDiscarded,
  RangesMerged,
  RangesReleased,
  RangesReported,
  RecordCut,
} from '#contracts/panda/range-events.js';
import { RANGE_CODES } from '#contracts/panda/statuses.js';
import { rangesOf, slicesOf } from '#contracts/ranges.js';
import type { Ranges } from '#contracts/work-events.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import { keyOf, ordinalOfKey } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { rangesIn } from './ranges-in.js';

/** Rows that one statement changes: some milliseconds. */
const SLICE = 2_000;

const { ready, sent, running, finished, cancelled, discarded, done, failed, fatal, merged } = RANGE_CODES;

/** Changes of ranges: what they set, of which rows. `?3` is the job or jobset. */
const CHANGES = {
  acquire: [`status = ${sent}, job = ?3`, `status = ${ready}`],
  // A fatal report leaves one attempt, so that the range is fatal when its job ends (contract 4.3).
  report: [
    'job = ?3, status = ?4, report = ?5, attempt = CASE ?6 WHEN 1 THEN 1 ELSE attempt END',
    `status IN (${ready}, ${sent}, ${running})`,
  ],
  settle: [`status = ${done}`, `job = ?3 AND status = ${finished}`],
  giveUp: [
    `status = ${fatal}, attempt = 0`,
    `job = ?3 AND status IN (${sent}, ${running}, ${failed}) AND attempt <= 1`,
  ],
  giveBack: [
    `status = ${ready}, attempt = attempt - 1, job = NULL, report = NULL`,
    `job = ?3 AND status IN (${sent}, ${running}, ${failed})`,
  ],
  merge: [`status = ${merged}`, `jobset = ?3 AND status = ${done}`],
  keepFinished: [`status = ${done}`, `status = ${finished}`],
  discardFinished: [`status = ${discarded}`, `status IN (${finished}, ${done})`],
  cancel: [`status = ${cancelled}`, `status IN (${ready}, ${sent}, ${running}, ${failed}, ${fatal})`],
  discard: [`status = ${discarded}`, `status <> ${discarded}`],
} as const;
type Change = keyof typeof CHANGES;

type CensusRow = readonly [jobset: number, job: number | null, status: number, count: number];

/** Writes event ranges, in slices. Every change of rows also changes their counts. */
export class RangeWriter {
  private readonly insertJobset: StatementSync;
  private readonly insertRecord: StatementSync;
  private readonly insertRanges: StatementSync;
  private readonly insertReport: ArrayStatement<readonly [id: number]>;
  private readonly selectCensus: ArrayStatement<CensusRow>;
  private readonly changeCount: StatementSync;
  private readonly selectOfJob: ArrayStatement<readonly [key: number]>;
  private readonly selectOfJobset: ArrayStatement<readonly [first: number, last: number]>;
  private readonly selectRecords: ArrayStatement<readonly [first: number, count: number]>;
  private readonly selectLast: ArrayStatement<readonly [next: number]>;
  private readonly setClone: StatementSync;
  private readonly updates: Readonly<Record<Change, StatementSync>>;

  constructor(database: DatabaseSync) {
    const lists = <Values extends Row>(sql: string) => arrayStatement<Values>(database, sql);
    this.insertJobset = database.prepare(
      `INSERT INTO panda_jobset (id, workload, first, last) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET last = excluded.last`,
    );
    this.insertRecord = database.prepare(
      `INSERT INTO panda_record_cut (workload, first, count, jobset, file, dataset, first_event, last_event, size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.insertRanges = database.prepare(
      `INSERT INTO panda_range (key, jobset, status, attempt)
       WITH RECURSIVE added (key) AS (VALUES (?1) UNION ALL SELECT key + 1 FROM added WHERE key < ?2)
       SELECT key, ?3, ${ready}, ?4 FROM added`,
    );
    this.insertReport = lists(
      'INSERT INTO panda_range_report (job, error_code, error_diag, zip) VALUES (?, ?, ?, ?) RETURNING id',
    );
    this.selectCensus = lists(
      'SELECT jobset, job, status, count(*) FROM panda_range WHERE key BETWEEN ? AND ? GROUP BY jobset, job, status',
    );
    this.changeCount = database.prepare(
      `INSERT INTO panda_range_count (owner, status, count) VALUES (?, ?, ?)
       ON CONFLICT (owner, status) DO UPDATE SET count = count + excluded.count`,
    );
    this.selectOfJob = lists('SELECT key FROM panda_range WHERE job = ? AND key > ? ORDER BY key LIMIT ?');
    this.selectOfJobset = lists('SELECT first, last FROM panda_jobset WHERE id = ?');
    this.selectRecords = lists('SELECT first, count FROM panda_record_cut WHERE workload = ? AND file BETWEEN ? AND ?');
    this.selectLast = lists(
      'SELECT first + count FROM panda_record_cut WHERE workload = ? ORDER BY first DESC LIMIT 1',
    );
    this.setClone = database.prepare('UPDATE panda_jobset SET clone = ? WHERE id = ?');
    const update = (name: Change): StatementSync => {
      const [set, where] = CHANGES[name];
      return database.prepare(`UPDATE panda_range SET ${set} WHERE key BETWEEN ?1 AND ?2 AND ${where}`);
    };
    this.updates = {
      acquire: update('acquire'),
      report: update('report'),
      settle: update('settle'),
      giveUp: update('giveUp'),
      giveBack: update('giveBack'),
      merge: update('merge'),
      keepFinished: update('keepFinished'),
      discardFinished: update('discardFinished'),
      cancel: update('cancel'),
      discard: update('discard'),
    };
  }

  *cut(workload: WorkloadId, { jobset_id: jobset, first, attempts, records }: RangesCut): Generator<void, void, void> {
    let ordinal = first;
    for (const record of records) {
      const count = rangesIn(record);
      const { file_id: file, dataset_id: dataset, first_event: from, last_event: to, size } = record;
      this.insertRecord.run(workload, ordinal, count, jobset, file, dataset, from, to, size);
      for (const [low, high] of slicesOf(this.keptOf(record, ordinal, count), SLICE)) {
        this.insertRanges.run(keyOf(workload, low), keyOf(workload, high), jobset, attempts);
        this.count(workload, [[jobset, null, ready, high - low + 1]], 1);
        yield;
      }
      ordinal += count;
    }
    this.insertJobset.run(jobset, workload, first, ordinal - 1);
  }

  acquired(workload: WorkloadId, { panda_id: job, ranges }: RangesAcquired): Generator<void, void, void> {
    return this.change(workload, ranges, 'acquire', job);
  }

  *reported(workload: WorkloadId, { panda_id: job, reports, zips = [] }: RangesReported): Generator<void, void, void> {
    for (const { ranges, status, is_fatal, error_code: code = null, error_diag: diag = null, zip } of reports) {
      const holder = zip === undefined ? undefined : zips[zip];
      const details = [code, diag, holder === undefined ? null : JSON.stringify(holder)] as const;
      const report = details.every((detail) => detail === null) ? null : this.report(job, details);
      yield* this.change(workload, ranges, 'report', job, RANGE_CODES[status], report, is_fatal === true ? 1 : 0);
    }
  }

  *released(workload: WorkloadId, { panda_id: job }: RangesReleased): Generator<void, void, void> {
    for (let after = -1; ;) {
      const keys = this.selectOfJob.all(job, after, SLICE);
      const ranges = rangesOf(keys.map(([key]) => ordinalOfKey(key)));
      for (const change of ['settle', 'giveUp', 'giveBack'] as const) {
        yield* this.change(workload, ranges, change, job);
      }
      if (keys.length < SLICE) return;
      after = keys.at(-1)?.[0] ?? after;
    }
  }

  *merged(workload: WorkloadId, { jobset_id: jobset }: RangesMerged): Generator<void, void, void> {
    const row = this.selectOfJobset.get(jobset);
    if (row !== undefined) yield* this.change(workload, [row], 'merge', jobset);
  }

  *discarded(workload: WorkloadId, { files, keeps_finished: keeps }: RangesDiscarded): Generator<void, void, void> {
    if (files === undefined) {
      const next = this.selectLast.get(workload);
      if (next !== undefined) yield* this.change(workload, [[0, next[0] - 1]], 'discard');
      return;
    }
    for (const [low, high] of files) {
      for (const [first, count] of this.selectRecords.all(workload, low, high)) {
        const ranges: Ranges = [[first, first + count - 1]];
        yield* this.change(workload, ranges, keeps === true ? 'keepFinished' : 'discardFinished');
        yield* this.change(workload, ranges, 'cancel');
      }
    }
  }

  chosen({ jobset_id: jobset, panda_id: clone }: CloneChosen): void {
    this.setClone.run(clone, jobset);
  }

  /** The ordinals of a record that are not left out. */
  private keptOf({ left_out: leftOut = [] }: RecordCut, first: number, count: number): Ranges {
    const kept: [number, number][] = [];
    let next = 0;
    for (const [from, to] of leftOut) {
      if (from > next) kept.push([first + next, first + from - 1]);
      next = to + 1;
    }
    if (next < count) kept.push([first + next, first + count - 1]);
    return kept;
  }

  private report(job: number, details: readonly SQLInputValue[]): number {
    const [id] = this.insertReport.get(job, ...details) ?? [];
    if (id === undefined) throw new Error('A report was not stored');
    return id;
  }

  private *change(
    workload: WorkloadId,
    ranges: Ranges,
    name: Change,
    ...parameters: readonly SQLInputValue[]
  ): Generator<void, void, void> {
    for (const [first, last] of slicesOf(ranges, SLICE)) {
      const [low, high] = [keyOf(workload, first), keyOf(workload, last)];
      const before = this.selectCensus.all(low, high);
      if (this.updates[name].run(low, high, ...parameters).changes === 0) continue;
      this.count(workload, before, -1);
      this.count(workload, this.selectCensus.all(low, high), 1);
      yield;
    }
  }

  private count(workload: WorkloadId, census: readonly CensusRow[], sign: 1 | -1): void {
    for (const [jobset, job, status, count] of census) {
      for (const owner of [jobset, -workload]) this.changeCount.run(owner, status, sign * count);
      if (job !== null) this.changeCount.run(job, status, sign * count);
    }
  }
}
