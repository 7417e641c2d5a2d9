import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { JOB_STATUSES, type JobStatus } from '#contracts/iceprod/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import { type ListCursor, cursorAfter, LIST_START } from '../../workload/list-cursor.js';
import { keyOf, lastKeyOf, ordinalOfKey, WORKLOAD_OF_KEY, workloadOfKey } from '../../workload/member-key.js';
import type { Revisions } from '../../workload/changes.js';
import type { WorkloadId, Workloads } from '../../workload/workloads.js';
import type { JobView } from './job-decider.js';
import { type Job, OTHER_STATUS, statusCode } from './job.js';
import { ICEPROD, workStream } from '../streams.js';

/** Maximum rows of one page. */
const PAGE_ROWS = 2_000;

/** Before the first event of a stream. */
const NO_REVISION = -1;

/** Jobs on one page of the outline: the tasks of each are counted. */
const OUTLINED_ROWS = 500;

/** Maximum jobs with the same index that are read. Normally there is one. */
const SAME_INDEX_MAX = 16;

/** Maximum rows scanned for one page: a rare status must not make a page slow. */
const PAGE_SCAN = 10_000;

export const JOB_TABLES = `
CREATE TABLE job (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  listing INTEGER,
  job_index INTEGER,
  status INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  touched INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  extra TEXT
) STRICT;
CREATE TABLE job_count (
  workload INTEGER NOT NULL,
  status INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (workload, status)
) STRICT, WITHOUT ROWID;`;

/** The workload that lists a job. Must be the same expression as in the index below. */
const LISTED_BY = `ifnull(listing, ${WORKLOAD_OF_KEY})`;

/** `listing` is set only where a client moved the job to another dataset than the one of its stream. */
export const JOB_INDEXES = `
CREATE UNIQUE INDEX job_id ON job (id);
CREATE INDEX job_listing ON job (listing, id) WHERE listing IS NOT NULL;
CREATE INDEX job_by_index ON job (${LISTED_BY}, job_index);`;

export const JOB_COLUMNS = 'key, id, listing, job_index, status, changed, extra';

/** A job with its key. */
export interface StoredJob {
  readonly key: number;
  /** Workload that lists it. */
  readonly listing: WorkloadId;
  readonly job: Job;
}

export const readJob = (row: Record<string, SQLOutputValue>, workloads: Workloads): StoredJob => {
  const key = Number(row['key']);
  const home = workloadOfKey(key);
  const listing = row['listing'] === null ? home : Number(row['listing']);
  const job: Job = {
    id: String(row['id']),
    stream: workloads.workStreamOf(home),
    ordinal: ordinalOfKey(key),
    datasetId: workloads.nameOf(listing),
    index: row['job_index'] === null ? undefined : Number(row['job_index']),
    status: JOB_STATUSES[Number(row['status'])],
    changedMicros: Number(row['changed']),
    extra: row['extra'] === null ? undefined : String(row['extra']),
  };
  return { key, listing, job };
};

/** The cursor after a job in its list. */
export const cursorAfterJob = ({ key, listing, job }: StoredJob): ListCursor =>
  cursorAfter({ key, listing, id: job.id });

const ALL_STATUSES = 2 ** (OTHER_STATUS + 1) - 1;

const maskOf = (statuses: readonly JobStatus[]): number =>
  statuses.length === 0 ? ALL_STATUSES : statuses.reduce((mask, status) => mask | (1 << statusCode(status)), 0);

export interface JobFilter {
  /** An empty list means all, including unknown statuses. */
  readonly statuses: readonly JobStatus[];
  readonly index?: number | undefined;
  /** Only jobs with an event at this time or later, in microseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only jobs with an event after the revision of their home workload. Jobs of homes not listed here all match. */
  readonly behindRevisions?: Revisions | undefined;
}

/** A job in the list of a workload. */
interface Listed {
  readonly listing: WorkloadId;
  readonly id: string;
}

interface JobSlice {
  readonly jobs: readonly StoredJob[];
  /** The next cursor. Absent at the end. */
  readonly next?: ListCursor;
}

/** Reads jobs through one connection: `queries` for queries, `writer` for commands. */
export class Jobs implements JobView {
  private readonly selectById: StatementSync;
  private readonly selectByKey: StatementSync;
  private readonly selectLast: StatementSync;
  private readonly selectHome: StatementSync;
  private readonly selectHomeAt: StatementSync;
  private readonly selectMoved: StatementSync;
  private readonly selectRange: StatementSync;
  private readonly selectCounts: StatementSync;
  private readonly countAll: StatementSync;
  private readonly selectHighest: StatementSync;
  private readonly selectDown: StatementSync;
  private readonly selectAt: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly workloads: Workloads,
  ) {
    const filter = '((1 << status) & ?) != 0 AND touched >= ?';
    const revisionOfHome = `SELECT value ->> 1 FROM json_each(?) WHERE value ->> 0 = job.${WORKLOAD_OF_KEY}`;
    this.selectById = database.prepare(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
    this.selectByKey = database.prepare(`SELECT ${JOB_COLUMNS} FROM job WHERE key = ?`);
    this.selectLast = database.prepare('SELECT max(key) AS key FROM job WHERE key BETWEEN ? AND ?');
    const atHome = `key > ? AND key <= ? AND listing IS NULL AND ${filter} AND revision > ? ORDER BY key LIMIT ?`;
    this.selectHome = database.prepare(`SELECT ${JOB_COLUMNS} FROM job WHERE ${atHome}`);
    this.selectHomeAt = database.prepare(
      `SELECT ${JOB_COLUMNS} FROM job WHERE ${LISTED_BY} = ? AND job_index = ? AND ${atHome}`,
    );
    this.selectMoved = database.prepare(
      `SELECT ${JOB_COLUMNS} FROM job
       WHERE listing = ? AND id > ? AND (? IS NULL OR job_index = ?) AND ${filter}
         AND revision > coalesce((${revisionOfHome}), -1) ORDER BY id LIMIT ?`,
    );
    this.selectRange = database.prepare(
      `SELECT key, id, listing FROM job WHERE key > ? AND key <= ? ORDER BY key LIMIT ${PAGE_ROWS}`,
    );
    this.selectCounts = database.prepare('SELECT status, count FROM job_count WHERE workload = ? AND count > 0');
    this.countAll = database.prepare('SELECT sum(count) AS n FROM job_count WHERE workload = ?');
    this.selectHighest = database.prepare(`SELECT max(job_index) AS highest FROM job WHERE ${LISTED_BY} = ?`);
    this.selectDown = database.prepare(
      `SELECT id, job_index FROM job WHERE ${LISTED_BY} = ? AND job_index BETWEEN ? AND ?
       ORDER BY job_index DESC, key DESC LIMIT ${OUTLINED_ROWS} OFFSET ?`,
    );
    this.selectAt = database.prepare(
      `SELECT id FROM job WHERE ${LISTED_BY} = ? AND job_index = ? ORDER BY key LIMIT ${SAME_INDEX_MAX}`,
    );
  }

  byKey(key: number): Job | undefined {
    const row = this.selectByKey.get(key);
    return row === undefined ? undefined : readJob(row, this.workloads).job;
  }

  byId(id: string): Job | undefined {
    return this.storedById(id)?.job;
  }

  /** With its key: for tables that refer to jobs. */
  storedById(id: string): StoredJob | undefined {
    const row = this.selectById.get(id);
    return row === undefined ? undefined : readJob(row, this.workloads);
  }

  /** Public id of the job with a key. */
  idOf(key: number): string | undefined {
    const row = this.selectByKey.get(key);
    return row === undefined ? undefined : String(row['id']);
  }

  /** Ids of the first jobs with an index in the list of a workload. */
  idsAt(listing: WorkloadId, index: number): readonly string[] {
    return this.selectAt.all(listing, index).map((row) => String(row['id']));
  }

  /** The jobs with these ordinals in a workload's stream, each with the workload that lists it; in slices of bounded size. */
  *inRanges(home: WorkloadId, ranges: Ranges): Generator<readonly Listed[], void, void> {
    for (const [first, last] of ranges) {
      const to = keyOf(home, last);
      for (let after = keyOf(home, first) - 1; after < to;) {
        const rows = this.selectRange.all(after, to);
        yield rows.map((row) => ({
          listing: row['listing'] === null ? home : Number(row['listing']),
          id: String(row['id']),
        }));
        after = rows.length < PAGE_ROWS ? to : Number(rows.at(-1)?.['key']);
      }
    }
  }

  streamOf(datasetId: string): string {
    return workStream(datasetId);
  }

  nextOrdinal(datasetId: string): number {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return 0;
    const last = this.lastKey(workload);
    return last === undefined ? 0 : ordinalOfKey(last) + 1;
  }

  *slicesOf(datasetId: string, statuses: readonly JobStatus[]): Generator<readonly Job[], void, void> {
    let cursor: ListCursor | undefined = LIST_START;
    while (cursor !== undefined) {
      const { jobs, next }: JobSlice = this.slice(datasetId, { statuses }, cursor);
      yield jobs.map(({ job }) => job);
      cursor = next;
    }
  }

  /** Jobs that a dataset lists after a cursor, in creation order. A slice before the end may be empty. */
  slice(datasetId: string, filter: JobFilter, after: ListCursor = LIST_START, rows = PAGE_ROWS): JobSlice {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return { jobs: [] };
    if (after.at === 'elsewhere') return this.elsewhere(workload, filter, after.id, rows);
    const atHome = this.atHome(workload, filter, after.ordinal, rows);
    if (atHome.next !== undefined) return atHome;
    const { jobs, next } = this.elsewhere(workload, filter, '', rows - atHome.jobs.length);
    return { jobs: [...atHome.jobs, ...jobs], ...(next !== undefined && { next }) };
  }

  /** Jobs per status, in vocabulary order, without empty ones. */
  counts(datasetId: string): readonly (readonly [JobStatus, number])[] {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return [];
    return this.selectCounts.all(workload).flatMap((row) => {
      const status = JOB_STATUSES[Number(row['status'])];
      return status === undefined ? [] : [[status, Number(row['count'])] as const];
    });
  }

  /** How many jobs a dataset lists, including those of unknown statuses. */
  total(datasetId: string): number {
    const workload = this.workloads.find(ICEPROD, datasetId);
    return workload === undefined ? 0 : Number(this.countAll.get(workload)?.['n'] ?? 0);
  }

  /** Whether a dataset has fewer than `jobsMax` jobs and none with this index. */
  lacks(datasetId: string, index: number, jobsMax: number): boolean {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return jobsMax > 0;
    return this.total(datasetId) < jobsMax && this.selectAt.get(workload, index) === undefined;
  }

  /** The highest index of the jobs that a dataset lists. */
  highestIndex(datasetId: string): number | undefined {
    const workload = this.workloads.find(ICEPROD, datasetId);
    const highest = workload === undefined ? undefined : this.selectHighest.get(workload)?.['highest'];
    return typeof highest === 'number' ? highest : undefined;
  }

  /**
   * The next jobs of a dataset by descending index. Jobs without an index are left out.
   *
   * @param cursor index to continue at, and how many jobs of that index to skip
   */
  down(
    datasetId: string,
    lowest: number,
    { index, skip }: { readonly index: number; readonly skip: number },
  ): { readonly jobs: readonly { readonly id: string; readonly index: number }[]; readonly isLast: boolean } {
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return { jobs: [], isLast: true };
    const jobs = this.selectDown
      .all(workload, lowest, index, skip)
      .map((row) => ({ id: String(row['id']), index: Number(row['job_index']) }));
    return { jobs, isLast: jobs.length < OUTLINED_ROWS };
  }

  private atHome(
    workload: WorkloadId,
    { statuses, index, since = 0, behindRevisions = [] }: JobFilter,
    ordinal: number,
    rows: number,
  ): JobSlice {
    const last = this.lastKey(workload);
    if (last === undefined) return { jobs: [] };
    const from = keyOf(workload, ordinal);
    const revision = behindRevisions.find(([home]) => home === workload)?.[1] ?? NO_REVISION;
    const filter = [maskOf(statuses), since, revision, rows] as const;
    // Jobs of one index are found by the database index. Other filters scan jobs.
    const to = index === undefined ? Math.min(last, from + PAGE_SCAN) : last;
    const found =
      index === undefined
        ? this.selectHome.all(from, to, ...filter)
        : this.selectHomeAt.all(workload, index, from, to, ...filter);
    return this.sliceOf(found, rows, to < last ? { at: 'home', ordinal: ordinalOfKey(to) } : undefined);
  }

  private elsewhere(
    workload: WorkloadId,
    { statuses, index, since = 0, behindRevisions = [] }: JobFilter,
    id: string,
    rows: number,
  ): JobSlice {
    const at = index ?? null;
    const filter = [at, at, maskOf(statuses), since, JSON.stringify(behindRevisions), rows] as const;
    return this.sliceOf(this.selectMoved.all(workload, id, ...filter), rows);
  }

  /** @param next cursor if fewer rows than requested were found */
  private sliceOf(found: readonly Record<string, SQLOutputValue>[], rows: number, next?: ListCursor): JobSlice {
    const jobs = found.map((row) => readJob(row, this.workloads));
    const last = jobs.at(-1);
    const goOn = last !== undefined && jobs.length === rows ? cursorAfterJob(last) : next;
    return goOn === undefined ? { jobs } : { jobs, next: goOn };
  }

  private lastKey(workload: WorkloadId): number | undefined {
    const key = this.selectLast.get(keyOf(workload, 0), lastKeyOf(workload))?.['key'];
    return typeof key === 'number' ? key : undefined;
  }
}
