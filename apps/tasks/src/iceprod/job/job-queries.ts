import { DomainError } from '#platform/domain-error.js';
import type { Ledger } from '#ledger/ledger.js';
import type { ListJobsRequest } from '#contracts/iceprod/jobs.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { JOB_SORT_FIELDS } from '#contracts/iceprod/sort-fields.js';
import { afterCursor, type SortField } from '#contracts/lists.js';
import { refuseFuturePosition } from '#event-sourcing/changed-since.js';
import { type ListStart, listStart } from '#event-sourcing/list-start.js';
import { type Chunks, type PagedAnswers, type SnapshotPage, textPages } from '#event-sourcing/paged-answers.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { sortableValue, SortedLists } from '#event-sourcing/sorted-lists.js';
import { movedHomes, revisionsAt } from '../../workload/changes.js';
import { isCursor, type ListCursor, cursorText, readCursor } from '../../workload/list-cursor.js';
import type { Workloads } from '../../workload/workloads.js';
import { ICEPROD } from '../streams.js';
import { readStatuses } from './job-decider.js';
import { type JobFilter, Jobs, cursorAfterJob, type StoredJob } from './job-rows.js';
import { fieldsOf, type Job, jobDocument } from './job.js';

const homesOfMovedJobs = movedHomes('job', 'listing');

/** Jobs read at a time: a few milliseconds. */
const CHUNK = 250;

const picked = (job: Job, wanted: WantedFields | undefined): string =>
  wanted === undefined ? jobDocument(job) : pickFields(fieldsOf(job), wanted);

const filterOf = (request: ListJobsRequest): JobFilter | DomainError => {
  const statuses = readStatuses(request.statuses);
  if (statuses instanceof DomainError) return statuses;
  return { statuses, index: request.job_index };
};

const rendering = ({ keys }: ListJobsRequest): ((job: Job) => string) => {
  const wanted = wantedFields(keys, ['job_id']);
  return (job) => `${JSON.stringify(job.id)}:${picked(job, wanted)}`;
};

const VALUES: Readonly<Record<(typeof JOB_SORT_FIELDS)[number], (job: Job) => unknown>> = {
  job_id: ({ id }) => id,
  job_index: ({ index }) => index,
  status: ({ status }) => status,
  status_changed: ({ changedMicros }) => changedMicros,
};

const valuesOf = (job: Job, sort: readonly SortField[]): readonly unknown[] =>
  sort.map(({ field }) => {
    const known = JOB_SORT_FIELDS.find((name) => name === field);
    return known === undefined ? undefined : sortableValue(VALUES[known](job));
  });

interface JobRows {
  readonly jobs: readonly StoredJob[];
  /** The cursor after them. */
  readonly last: ListCursor;
}

/** The jobs that a dataset lists after a cursor, in order of creation. Other work can run in between. */
async function* walk(
  jobs: Jobs,
  datasetId: string,
  filter: JobFilter | Promise<JobFilter>,
  start: ListCursor,
  slices: Slices,
): AsyncGenerator<JobRows, void, void> {
  const wanted = await filter;
  for (let cursor: ListCursor | undefined = start; cursor !== undefined;) {
    const slice = jobs.slice(datasetId, wanted, cursor, CHUNK);
    const last = slice.next ?? cursor;
    yield { jobs: slice.jobs, last };
    if (slices.spent) await slices.pause();
    cursor = slice.next;
  }
}

/** Jobs in order of creation. Changes of jobs do not affect the order, so that cursors stay valid. */
async function* createdJobs(
  rows: AsyncIterable<JobRows>,
  { limit, cursor }: ListStart,
  render: (job: Job) => string,
): Chunks {
  let left = limit;
  let behind = cursorText(readCursor(cursor));
  for await (const { jobs, last } of rows) {
    const shown = jobs.slice(0, left);
    const entries = shown.map(({ job }) => render(job));
    left -= shown.length;
    const lastShown = shown.at(-1);
    if (left > 0) behind = cursorText(last);
    else if (lastShown !== undefined) behind = cursorText(cursorAfterJob(lastShown));
    yield { entries, ...(limit !== Infinity && { after: afterCursor(behind) }) };
    if (jobs.length > shown.length) return afterCursor(behind);
  }
  return undefined;
}

/** Lists and summaries of the jobs of a dataset, page by page. */
export class JobLists {
  private readonly answers: PagedAnswers;
  private readonly sorted = new SortedLists();
  private readonly jobsIn: (snapshot: Snapshot) => Jobs;

  /** @param workloads resolves names, which never change; jobs are read from snapshots */
  constructor(
    readonly workloads: Workloads,
    readonly ledger: Ledger,
    snapshots: Snapshots,
  ) {
    this.answers = textPages(snapshots);
    const jobsOf = perConnection((database) => new Jobs(database, workloads));
    this.jobsIn = ({ database }) => jobsOf(database);
  }

  /** `GET /datasets/{dataset_id}/jobs`: entries are `"<job_id>":{...}` texts. */
  async list(request: ListJobsRequest): Promise<SnapshotPage | DomainError> {
    const refusal = await refuseFuturePosition(this.ledger, request);
    if (refusal !== undefined) return refusal;
    return this.answers.page(request.cursor, (snapshot) => {
      const unchanged = filterOf(request);
      if (unchanged instanceof DomainError) return unchanged;
      const filter = () => this.changed(unchanged, request, snapshot);
      const jobs = this.jobsIn(snapshot);
      if (request.sort !== undefined && request.sort.length > 0) return this.sortedJobs(jobs, filter, request);
      const start = listStart(request, isCursor);
      if (start instanceof DomainError) return start;
      const rows = walk(jobs, request.dataset_id, filter(), readCursor(start.cursor), new Slices());
      return createdJobs(rows, start, rendering(request));
    });
  }

  /** `GET .../job_summaries/status`: entries are chunks `[status, [id, ...]]`; empty statuses are left out. */
  summarize(datasetId: string, cursor: string | undefined): Promise<SnapshotPage | DomainError> {
    return this.answers.page(cursor, (snapshot) => idsByStatus(this.jobsIn(snapshot), datasetId));
  }

  /** The filter with what `changed_since` adds. */
  private async changed(
    filter: JobFilter,
    { dataset_id: datasetId, changed_since: since }: ListJobsRequest,
    snapshot: Snapshot,
  ): Promise<JobFilter> {
    if (since === undefined) return filter;
    if ('micros' in since) return { ...filter, since: since.micros };
    const workload = this.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return filter;
    return {
      ...filter,
      behindRevisions: await revisionsAt(this, snapshot, workload, homesOfMovedJobs, since.position),
    };
  }

  private sortedJobs(jobs: Jobs, filter: () => Promise<JobFilter>, request: ListJobsRequest): Chunks {
    const render = rendering(request);
    return this.sorted.chunks(
      request,
      async (offer, slices) => {
        for await (const rows of walk(jobs, request.dataset_id, filter(), readCursor(undefined), slices)) {
          for (const { key, job } of rows.jobs) offer({ key, id: job.id, values: valuesOf(job, request.sort ?? []) });
        }
      },
      (key) => {
        const job = jobs.byKey(key);
        return job === undefined ? undefined : render(job);
      },
    );
  }
}

async function* idsByStatus(jobs: Jobs, datasetId: string): Chunks {
  const slices = new Slices();
  for (const [status] of jobs.counts(datasetId)) {
    for await (const rows of walk(jobs, datasetId, { statuses: [status] }, readCursor(undefined), slices)) {
      const ids = rows.jobs.map(({ job }) => job.id);
      if (ids.length > 0) yield { entries: [JSON.stringify([status, ids])] };
    }
  }
  return undefined;
}

/** `GET .../job_counts/status` as raw JSON. */
export const countJobs = (jobs: Jobs, datasetId: string): string =>
  JSON.stringify(Object.fromEntries(jobs.counts(datasetId)));
