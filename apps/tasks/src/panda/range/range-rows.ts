import type { DatabaseSync } from 'node:sqlite';
import type { RangeZip } from '#contracts/panda/range-events.js';
import { RANGE_CODES } from '#contracts/panda/statuses.js';
import { rangesOf } from '#contracts/ranges.js';
import type { Ranges } from '#contracts/work-events.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import { keyOf, lastKeyOf, ordinalOfKey, workloadOfKey } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { rangeStatusOf } from './range-tables.js';
import type { EventRange, Jobset, RangeCounts, RangeSelection, RangeView, RecordRanges } from './range-view.js';

type CutValues = readonly [
  first: number,
  count: number,
  jobset: number,
  file: number,
  firstEvent: number,
  lastEvent: number,
  size: number,
];
type RangeValues = readonly [
  key: number,
  jobset: number,
  status: number,
  attempt: number,
  job: number | null,
  errorCode: number | null,
  errorDiag: string | null,
];
type NumberRow = readonly [value: number];

const CUT = 'SELECT first, count, jobset, file, first_event, last_event, size FROM panda_record_cut';
const RANGE = `SELECT key, jobset, status, attempt, panda_range.job, error_code, error_diag
  FROM panda_range LEFT JOIN panda_range_report ON panda_range_report.id = report`;
const FINISHED = [RANGE_CODES.finished, RANGE_CODES.done, RANGE_CODES.merged].join(', ');
const UNFINISHED = [RANGE_CODES.sent, RANGE_CODES.running, RANGE_CODES.failed].join(', ');
const GIVEN_UP = [RANGE_CODES.cancelled, RANGE_CODES.discarded].join(', ');

/** Of the random order: how many times as many ranges are looked at as are asked for. */
const SCATTER = 8;

const recordOf = ([first, count, jobsetId, fileId, firstEvent, lastEvent, size]: CutValues): RecordRanges => ({
  ...{ first, count, jobsetId, fileId, firstEvent, lastEvent, size },
});

const rangeOf = (
  [key, jobsetId, status, attemptNr, job, errorCode, errorDiag]: RangeValues,
  { fileId, first, firstEvent: firstOfRecord, lastEvent: lastOfRecord, size }: RecordRanges,
): EventRange => {
  const ordinal = ordinalOfKey(key);
  const firstEvent = firstOfRecord + (ordinal - first) * size;
  return {
    ...{ ordinal, pandaId: job ?? jobsetId, jobsetId, fileId, processId: firstEvent, attemptNr, errorCode, errorDiag },
    ...{ status: rangeStatusOf(status), firstEvent, lastEvent: Math.min(firstEvent + size - 1, lastOfRecord) },
  };
};

/** Reads event ranges through one connection. */
export class RangeRows implements RangeView {
  private readonly selectNext: ArrayStatement<NumberRow>;
  private readonly selectJobset: ArrayStatement<
    readonly [workload: number, first: number, last: number, clone: number | null]
  >;
  private readonly selectCounts: ArrayStatement<readonly [status: number, count: number]>;
  private readonly selectCount: ArrayStatement<NumberRow>;
  private readonly selectReady: ArrayStatement<RangeValues>;
  private readonly selectReadyAtRandom: ArrayStatement<RangeValues>;
  private readonly selectOfJob: ArrayStatement<RangeValues>;
  private readonly selectUnacquired: ArrayStatement<RangeValues>;
  private readonly selectAt: ArrayStatement<RangeValues>;
  private readonly selectRecordAt: ArrayStatement<CutValues>;
  private readonly selectRecords: ArrayStatement<CutValues>;
  private readonly selectRecordsOfDataset: ArrayStatement<CutValues>;
  private readonly selectFinished: ArrayStatement<NumberRow>;
  private readonly selectLive: ArrayStatement<NumberRow>;
  private readonly selectZips: ArrayStatement<readonly [zip: string]>;
  private readonly selectHopeless: ArrayStatement<NumberRow>;
  private readonly selectHopeful: ArrayStatement<NumberRow>;

  constructor(database: DatabaseSync) {
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(database, sql);
    const isReady = `status = ${RANGE_CODES.ready}`;
    this.selectNext = prepare(
      'SELECT first + count FROM panda_record_cut WHERE workload = ? ORDER BY first DESC LIMIT 1',
    );
    this.selectJobset = prepare('SELECT workload, first, last, clone FROM panda_jobset WHERE id = ?');
    this.selectCounts = prepare('SELECT status, count FROM panda_range_count WHERE owner = ? AND count > 0');
    this.selectCount = prepare('SELECT count FROM panda_range_count WHERE owner = ? AND status = ?');
    this.selectReady = prepare(`${RANGE} WHERE ${isReady} AND key BETWEEN ? AND ? ORDER BY key LIMIT ?`);
    this.selectReadyAtRandom = prepare(
      `${RANGE} WHERE key IN (
         SELECT key FROM (SELECT key FROM panda_range WHERE ${isReady} AND key BETWEEN ?1 AND ?2 LIMIT ?4)
         ORDER BY random() LIMIT ?3) ORDER BY random()`,
    );
    this.selectOfJob = prepare(`${RANGE} WHERE panda_range.job = ? AND key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectUnacquired = prepare(
      `${RANGE} WHERE key > ? AND key <= ? AND panda_range.job IS NULL AND jobset = ? ORDER BY key LIMIT ?`,
    );
    this.selectAt = prepare(`${RANGE} WHERE key = ?`);
    this.selectRecordAt = prepare(`${CUT} WHERE workload = ? AND first <= ? ORDER BY first DESC LIMIT 1`);
    this.selectRecords = prepare(`${CUT} WHERE workload = ? AND file = ? ORDER BY first DESC`);
    this.selectRecordsOfDataset = prepare(
      `${CUT} WHERE workload = ? AND dataset = ? AND first BETWEEN ? AND ? ORDER BY first`,
    );
    this.selectFinished = prepare(`SELECT key FROM panda_range WHERE key BETWEEN ? AND ? AND status IN (${FINISHED})`);
    this.selectLive = prepare(
      `SELECT 1 FROM panda_range WHERE key BETWEEN ? AND ? AND status NOT IN (${GIVEN_UP}) LIMIT 1`,
    );
    this.selectZips = prepare('SELECT DISTINCT zip FROM panda_range_report WHERE job = ? AND zip IS NOT NULL');
    const unfinished = `SELECT 1 FROM panda_range WHERE job = ? AND status IN (${UNFINISHED})`;
    this.selectHopeless = prepare(`${unfinished} AND attempt <= 1 LIMIT 1`);
    this.selectHopeful = prepare(`${unfinished} AND attempt > 1 LIMIT 1`);
  }

  nextOrdinal(workload: WorkloadId): number {
    return this.selectNext.get(workload)?.[0] ?? 0;
  }

  jobset(id: number): Jobset | undefined {
    const row = this.selectJobset.get(id);
    if (row === undefined) return undefined;
    const [workload, first, last, clone] = row;
    return { id, workload, first, last, counts: this.countsOf(id), chosenClone: clone };
  }

  countReady(from: Jobset | WorkloadId): number {
    const owner = typeof from === 'number' ? -from : from.id;
    return this.selectCount.get(owner, RANGE_CODES.ready)?.[0] ?? 0;
  }

  ready({ from, datasetId, after = -1, isScattered = false, limit }: RangeSelection): readonly EventRange[] {
    const [workload, begin, last] =
      typeof from === 'number' ? [from, 0, ordinalOfKey(lastKeyOf(from))] : [from.workload, from.first, from.last];
    const first = Math.max(begin, after + 1);
    if (datasetId === undefined) return this.readyBetween(workload, first, last, isScattered, limit);
    const found: EventRange[] = [];
    for (const record of this.selectRecordsOfDataset.iterate(workload, datasetId, begin, last)) {
      const { first: from, count } = recordOf(record);
      const low = Math.max(first, from);
      found.push(...this.readyBetween(workload, low, from + count - 1, isScattered, limit - found.length));
      if (found.length === limit) break;
    }
    return found;
  }

  ofJob(workload: WorkloadId, pandaId: number, after: number | undefined, limit: number): readonly EventRange[] {
    const low = after === undefined ? keyOf(workload, 0) - 1 : keyOf(workload, after);
    return this.withRecords(this.selectOfJob.all(pandaId, low, lastKeyOf(workload), limit));
  }

  unacquired({ id, workload, first, last }: Jobset, after: number | undefined, limit: number): readonly EventRange[] {
    const lower = keyOf(workload, after === undefined ? first - 1 : after);
    return this.withRecords(this.selectUnacquired.all(lower, keyOf(workload, last), id, limit));
  }

  countsOf(owner: number): RangeCounts {
    const rows = this.selectCounts.all(owner);
    return Object.fromEntries(rows.map(([status, count]) => [rangeStatusOf(status), count]));
  }

  recordsOf(workload: WorkloadId, fileId: number): readonly RecordRanges[] {
    return this.selectRecords.all(workload, fileId).map(recordOf);
  }

  at(workload: WorkloadId, record: RecordRanges, ordinal: number): EventRange | undefined {
    const row = this.selectAt.get(keyOf(workload, ordinal));
    return row === undefined ? undefined : rangeOf(row, record);
  }

  finishedOf(workload: WorkloadId, fileId: number, size: number): Ranges {
    const finished = this.recordsOf(workload, fileId)
      .filter((record) => record.size === size)
      .flatMap(({ first, count }) =>
        this.selectFinished
          .all(keyOf(workload, first), keyOf(workload, first + count - 1))
          .map(([key]) => ordinalOfKey(key) - first),
      );
    return rangesOf(finished);
  }

  hasRanges(workload: WorkloadId, fileId: number): boolean {
    return this.recordsOf(workload, fileId).some(
      ({ first, count }) =>
        this.selectLive.get(keyOf(workload, first), keyOf(workload, first + count - 1)) !== undefined,
    );
  }

  zipsOf(pandaId: number): readonly RangeZip[] {
    const rows = this.selectZips.all(pandaId);
    return rows.map(([zip]) => JSON.parse(zip) as RangeZip);
  }

  unfinishedOf(pandaId: number): { readonly isAnyHopeless: boolean; readonly isAnyHopeful: boolean } {
    return {
      isAnyHopeless: this.selectHopeless.get(pandaId) !== undefined,
      isAnyHopeful: this.selectHopeful.get(pandaId) !== undefined,
    };
  }

  private readyBetween(
    workload: WorkloadId,
    first: number,
    last: number,
    isScattered: boolean,
    limit: number,
  ): readonly EventRange[] {
    const [low, high] = [keyOf(workload, first), keyOf(workload, last)];
    const rows = isScattered
      ? this.selectReadyAtRandom.all(low, high, limit, limit * SCATTER)
      : this.selectReady.all(low, high, limit);
    return this.withRecords(rows);
  }

  /** Rows come in order of their keys, or nearly: neighbours mostly are of one record. */
  private withRecords(rows: readonly RangeValues[]): readonly EventRange[] {
    let record: RecordRanges | undefined;
    return rows.map((values) => {
      const ordinal = ordinalOfKey(values[0]);
      if (record === undefined || ordinal < record.first || ordinal >= record.first + record.count) {
        const row = this.selectRecordAt.get(workloadOfKey(values[0]), ordinal);
        if (row === undefined) throw new Error(`No record of range ${values[0]}`);
        record = recordOf(row);
      }
      return rangeOf(values, record);
    });
  }
}
