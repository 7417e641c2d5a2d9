import { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import type { ListJobsRequest } from '#contracts/iceprod/jobs.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { afterPlace, JOB_SORT_FIELDS, type ListPage, type SortField } from '#contracts/iceprod/lists.js';
import { JOB_STATUSES } from '#contracts/iceprod/statuses.js';
import { cursorAt, progressOf } from '#event-sourcing/list-progress.js';
import { sortableValue, SortedLists } from '#event-sourcing/sorted-lists.js';
import { isPlace, placeText, readPlace } from '../../workload/list-place.js';
import { readStatuses } from './job-decider.js';
import { type JobFilter, type Jobs, PAGE_ROWS, placeOfJob } from './job-rows.js';
import { fieldsOf, type Job, jobDocument } from './job.js';

const pageOf = (entries: readonly string[], next: string | undefined): Page =>
  next === undefined ? { entries } : { entries, next };

const picked = (job: Job, wanted: WantedFields | undefined): string =>
  wanted === undefined ? jobDocument(job) : pickFields(fieldsOf(job), wanted);

const filterOf = (request: ListJobsRequest): JobFilter | DomainError => {
  const statuses = readStatuses(request.statuses);
  if (statuses instanceof DomainError) return statuses;
  return { statuses, index: request.job_index, since: request.changed_since };
};

const rendering = ({ keys }: ListJobsRequest): ((job: Job) => string) => {
  const wanted = wantedFields(keys, ['job_id']);
  return (job) => `${JSON.stringify(job.id)}:${picked(job, wanted)}`;
};

/** In order of creation, which no change of a job touches: a place in it stays where it is. */
const createdJobs = (jobs: Jobs, filter: JobFilter, request: ListJobsRequest): ListPage | DomainError => {
  const progress = progressOf(request, isPlace);
  if (progress instanceof DomainError) return progress;
  const { left, place } = progress;
  // One more than is wanted tells whether the list goes on.
  const rows = Math.min(PAGE_ROWS, left + 1);
  const slice = jobs.slice(request.dataset_id, filter, readPlace(place), rows);
  const render = rendering(request);
  if (slice.jobs.length > left) {
    const shown = slice.jobs.slice(0, left);
    const last = shown.at(-1);
    const behind = last === undefined ? place : placeText(placeOfJob(last));
    return { entries: shown.map(({ job }) => render(job)), ...(behind !== undefined && { after: afterPlace(behind) }) };
  }
  const page = { entries: slice.jobs.map(({ job }) => render(job)) };
  if (slice.next === undefined) return page;
  const behind = placeText(slice.next);
  const next = cursorAt(left - slice.jobs.length, behind);
  return left === Infinity ? { ...page, next } : { ...page, next, after: afterPlace(behind) };
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

/** `GET /datasets/{dataset_id}/jobs`. */
export class JobLists {
  private readonly sorted = new SortedLists();

  constructor(private readonly jobs: Jobs) {}

  /** One page of `"<job_id>":{...}` texts. */
  list(request: ListJobsRequest): ListPage | DomainError | Promise<ListPage | DomainError> {
    const filter = filterOf(request);
    if (filter instanceof DomainError) return filter;
    const { sort = [] } = request;
    return sort.length === 0 ? createdJobs(this.jobs, filter, request) : this.sortedJobs(filter, request, sort);
  }

  private sortedJobs(
    filter: JobFilter,
    request: ListJobsRequest,
    sort: readonly SortField[],
  ): Promise<ListPage | DomainError> {
    const { dataset_id: datasetId } = request;
    const render = rendering(request);
    return this.sorted.list(
      request,
      async (offer, slices) => {
        for (let slice = this.jobs.slice(datasetId, filter); ; slice = this.jobs.slice(datasetId, filter, slice.next)) {
          for (const { key, job } of slice.jobs) offer({ key, id: job.id, values: valuesOf(job, sort) });
          if (slice.next === undefined) return;
          if (slices.spent) await slices.pause();
        }
      },
      (key) => {
        const job = this.jobs.byKey(key);
        return job === undefined ? undefined : render(job);
      },
    );
  }
}

/** `GET .../job_summaries/status`: one piece of one status per page; empty statuses are left out. */
export const summarizeJobs = (
  jobs: Jobs,
  { dataset_id: datasetId, cursor = '' }: { readonly dataset_id: string; readonly cursor?: string },
): Page => {
  const at = cursor.indexOf(':');
  const present = jobs.counts(datasetId).map(([status]) => status);
  const status = at === -1 ? present[0] : JOB_STATUSES[Number(cursor.slice(0, at))];
  if (status === undefined) return { entries: [] };
  const slice = jobs.slice(datasetId, { statuses: [status] }, readPlace(at === -1 ? undefined : cursor.slice(at + 1)));
  const ids = slice.jobs.map(({ job }) => job.id);
  const entries = ids.length === 0 ? [] : [JSON.stringify([status, ids])];
  if (slice.next !== undefined) {
    return pageOf(entries, `${String(JOB_STATUSES.indexOf(status))}:${placeText(slice.next)}`);
  }
  const following = present.find((word) => JOB_STATUSES.indexOf(word) > JOB_STATUSES.indexOf(status));
  return pageOf(entries, following === undefined ? undefined : `${String(JOB_STATUSES.indexOf(following))}:`);
};

/** `GET .../job_counts/status` as raw JSON. */
export const countJobs = (jobs: Jobs, datasetId: string): string =>
  JSON.stringify(Object.fromEntries(jobs.counts(datasetId)));
