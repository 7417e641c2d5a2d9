import { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import type { ListJobsRequest } from '#contracts/iceprod/jobs.js';
import { pickFields, type WantedFields, wantedFields } from '#contracts/iceprod/keys.js';
import { JOB_STATUSES } from '#contracts/iceprod/statuses.js';
import { readStatuses } from './job-decider.js';
import type { Jobs } from './job-rows.js';
import { fieldsOf, type Job, jobDocument } from './job.js';

const pageOf = (entries: readonly string[], next: string | undefined): Page =>
  next === undefined ? { entries } : { entries, next };

const picked = (job: Job, wanted: WantedFields | undefined): string =>
  wanted === undefined ? jobDocument(job) : pickFields(fieldsOf(job), wanted);

/** `GET /datasets/{dataset_id}/jobs`: one page of `"<job_id>":{...}` texts. */
export const listJobs = (jobs: Jobs, request: ListJobsRequest): Page | DomainError => {
  const statuses = readStatuses(request.statuses);
  if (statuses instanceof DomainError) return statuses;
  const wanted = wantedFields(request.keys, ['job_id']);
  const filter = { statuses, index: request.job_index ?? null };
  const slice = jobs.slice(request.dataset_id, filter, request.cursor);
  return pageOf(
    slice.jobs.map(({ job }) => `${JSON.stringify(job.id)}:${picked(job, wanted)}`),
    slice.next,
  );
};

/** `GET .../job_summaries/status`: one piece of one status per page; empty statuses are left out. */
export const summarizeJobs = (
  jobs: Jobs,
  { dataset_id: datasetId, cursor = '' }: { readonly dataset_id: string; readonly cursor?: string },
): Page => {
  const at = cursor.indexOf(':');
  const present = jobs.counts(datasetId).map(([status]) => status);
  const status = at === -1 ? present[0] : JOB_STATUSES[Number(cursor.slice(0, at))];
  if (status === undefined) return { entries: [] };
  const slice = jobs.slice(
    datasetId,
    { statuses: [status] },
    at === -1 ? undefined : cursor.slice(at + 1) || undefined,
  );
  const ids = slice.jobs.map(({ job }) => job.id);
  const entries = ids.length === 0 ? [] : [JSON.stringify([status, ids])];
  if (slice.next !== undefined) return pageOf(entries, `${String(JOB_STATUSES.indexOf(status))}:${slice.next}`);
  const following = present.find((word) => JOB_STATUSES.indexOf(word) > JOB_STATUSES.indexOf(status));
  return pageOf(entries, following === undefined ? undefined : `${String(JOB_STATUSES.indexOf(following))}:`);
};

/** `GET .../job_counts/status` as raw JSON. */
export const countJobs = (jobs: Jobs, datasetId: string): string =>
  JSON.stringify(Object.fromEntries(jobs.counts(datasetId)));
