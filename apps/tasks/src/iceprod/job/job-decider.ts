import { DomainError } from '#platform/domain-error.js';
import { trimEnd, trimStart } from '#platform/trim-characters.js';
import type { Nothing } from '#bus/contract.js';
import type { AddJobRequest, AddJobsRequest, BulkAction, JobSelection } from '#contracts/iceprod/jobs.js';
import type { JobStatus } from '#contracts/iceprod/statuses.js';
import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import { isTooLargeAPatch, kindOf, membersOf, mergeFields, outgrows } from '#contracts/raw-json.js';
import type { GroupAmended, GroupsAdded, GroupsMoved } from '#contracts/work-events.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { evolve, isJobStatus, type Job, jobDocument } from './job.js';

/** The jobs as deciders see them, at the revision that their events will follow. */
export interface JobView {
  byId(id: string): Job | undefined;
  /** All jobs that a dataset lists and that have one of the statuses; in slices of bounded size. */
  slicesOf(datasetId: string, statuses: readonly JobStatus[]): Iterable<readonly Job[]>;
  /** The work stream of a dataset. */
  streamOf(datasetId: string): string;
  /** Number of the next job in it. */
  nextOrdinal(datasetId: string): number;
}

/** Maximum jobs in one bulk request (contract 6). */
export const JOBS_PER_REQUEST_MAX = 100_000;

/** Look-ups between two yields. */
const SLICE = 250;

/** Statuses from which a status may be reached (contract 6). */
const PREDECESSORS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  processing: ['suspended', 'errors'],
  suspended: ['processing'],
  errors: ['processing'],
  complete: ['processing'],
};

/** Statuses that the bulk actions change, and the new status (contract 6). */
const ACTIONS: Readonly<Record<BulkAction, { readonly from: readonly JobStatus[]; readonly to: JobStatus }>> = {
  suspend: { from: ['processing'], to: 'suspended' },
  reset: { from: ['suspended', 'errors'], to: 'processing' },
  hard_reset: { from: ['suspended', 'errors', 'complete'], to: 'processing' },
};

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);
export const jobNotFound = (): DomainError => new DomainError('not-found', 'job.not-found', 'Job not found');
export const jobNotMissing = (): DomainError => new DomainError('state', 'job.not-missing', 'The dataset has this job');
const amendmentTooLarge = (): DomainError => invalid('job.amendment-too-large', 'Update data too large');
const idTaken = (): DomainError => new DomainError('conflict', 'job.duplicate-id', 'job_id already exists');

/** Room for the 32 digits with all hyphens, braces and prefixes. */
const UUID_CHARACTERS_MAX = 100;

/** Accepts what Python's `uuid.UUID` accepts: it ignores hyphens, braces and `urn:uuid:`. */
const isUuid = (id: string): boolean => {
  if (id.length > UUID_CHARACTERS_MAX) return false;
  const named = id.replaceAll('urn:', '').replaceAll('uuid:', '');
  return /^[0-9a-f]{32}$/i.test(trimStart(trimEnd(named, '{}'), '{}').replaceAll('-', ''));
};

/**
 * The event that adds `count` jobs with consecutive indexes to a dataset. Ordinals continue after its last job; `ids` as in
 * {@link GroupsAdded}.
 */
export const jobsAdded = (
  view: Pick<JobView, 'streamOf' | 'nextOrdinal'>,
  jobs: { readonly datasetId: string; readonly firstIndex: number; readonly count: number; readonly status: JobStatus },
  ids: GroupsAdded['ids'],
): DecidedEvent & { readonly data: GroupsAdded } => {
  const first = view.nextOrdinal(jobs.datasetId);
  const data: GroupsAdded = {
    groups: [[first, first + jobs.count - 1]],
    workload_id: jobs.datasetId,
    first_index: jobs.firstIndex,
    status: jobs.status,
    ids,
  };
  return { stream: view.streamOf(jobs.datasetId), type: 'GroupsAdded', data };
};

/** `POST /jobs`; `newId` is used when the client gives none. */
export const addJob = (view: JobView, request: AddJobRequest, newId: string): Decision<{ job_id: string }> => {
  const { job_id: id = newId, dataset_id: datasetId, job_index: firstIndex, status = 'processing' } = request;
  if (request.job_id !== undefined && !isUuid(id)) return invalid('job.bad-id', 'job_id should be a valid uuid');
  if (!isJobStatus(status)) return invalid('job.unknown-status', 'unknown status');
  if (!Number.isSafeInteger(firstIndex)) {
    return invalid('job.bad-index', 'key "job_index" should be of type int');
  }
  if (view.byId(id) !== undefined) return idTaken();
  return { events: [jobsAdded(view, { datasetId, firstIndex, count: 1, status }, { id })], reply: { job_id: id } };
};

/** Creates many jobs as one event. Their ids are made from the prefix. */
export const addJobs = (view: JobView, request: AddJobsRequest, prefix: string): Decision<{ jobs: number }> => {
  const { dataset_id: datasetId, first_job_index: firstIndex, count, status = 'processing' } = request;
  if (!isJobStatus(status)) return invalid('job.unknown-status', 'unknown status');
  if (!Number.isSafeInteger(count) || count < 1 || count > JOBS_PER_REQUEST_MAX) {
    return invalid('job.bad-count', `count must be an integer from 1 to ${String(JOBS_PER_REQUEST_MAX)}`);
  }
  if (!Number.isSafeInteger(firstIndex + count) || firstIndex < 0) {
    return invalid('job.bad-index', 'first_job_index must be an integer from 0 on');
  }
  return { events: [jobsAdded(view, { datasetId, firstIndex, count, status }, { prefix })], reply: { jobs: count } };
};

const amendmentProblem = (view: JobView, job: Job, fields: string): DomainError | undefined => {
  if (isTooLargeAPatch(fields)) return amendmentTooLarge();
  const before = jobDocument(job);
  const merged = mergeFields(before, fields);
  if (typeof merged !== 'string') return merged;
  if (outgrows(merged, before)) return amendmentTooLarge();
  const members = membersOf(merged);
  for (const name of ['job_id', 'dataset_id']) {
    if (kindOf(members.get(name) ?? 'null') !== 'string') {
      return invalid('job.bad-field', `key "${name}" should be of type str`);
    }
  }
  const id = JSON.parse(members.get('job_id') ?? '""') as string;
  return id === job.id || view.byId(id) === undefined ? undefined : idTaken();
};

/** `PATCH /jobs/{job_id}`: sets any field, without checks of status words or transitions. */
export const amendJob = (
  view: JobView,
  { job_id: id, fields }: { readonly job_id: string; readonly fields: string },
  timeMicros: number,
): Decision<{ document: string }> => {
  if (membersOf(fields).size === 0) return invalid('job.no-update', 'Missing update data');
  const job = view.byId(id);
  if (job === undefined) return jobNotFound();
  const problem = amendmentProblem(view, job, fields);
  if (problem !== undefined) return problem;
  const data: GroupAmended = { groups: [[job.ordinal, job.ordinal]], fields };
  const after = evolve(job, { type: 'GroupAmended', data, timeMicros });
  return { events: [{ stream: job.stream, type: 'GroupAmended', data }], reply: { document: jobDocument(after) } };
};

/** Jobs chosen by a command, by the stream in which they change. */
export class ChosenJobs {
  private readonly ordinals = new Map<string, number[]>();

  get isEmpty(): boolean {
    return this.ordinals.size === 0;
  }

  add({ stream, ordinal }: Job): void {
    const ordinals = this.ordinals.get(stream);
    if (ordinals === undefined) this.ordinals.set(stream, [ordinal]);
    else ordinals.push(ordinal);
  }

  /** One event per stream and size limit, whatever the number of jobs. */
  movedTo(status: JobStatus): DecidedEvent[] {
    return [...this.ordinals].flatMap(([stream, numbers]) =>
      rangesPerEvent(rangesOf(numbers)).map((groups) => {
        const data: GroupsMoved = { groups, status };
        return { stream, type: 'GroupsMoved', data };
      }),
    );
  }
}

const inDataset = (view: JobView, datasetId: string, id: string): Job | undefined => {
  const job = view.byId(id);
  return job?.datasetId === datasetId ? job : undefined;
};

/** `PUT /datasets/{dataset_id}/jobs/{job_id}/status` */
export const setJobStatus = (
  view: JobView,
  request: { readonly dataset_id: string; readonly job_id: string; readonly status: string },
): Decision<Nothing> => {
  const { status } = request;
  if (!isJobStatus(status)) return invalid('job.bad-status', 'Bad status');
  const job = inDataset(view, request.dataset_id, request.job_id);
  if (job === undefined) return jobNotFound();
  if (job.status === status) return { events: [], reply: {} };
  if (job.status === undefined || !PREDECESSORS[status].includes(job.status)) {
    return new DomainError('state', 'job.bad-transition', 'Bad state transition for status');
  }
  const chosen = new ChosenJobs();
  chosen.add(job);
  return { events: chosen.movedTo(status), reply: {} };
};

/** `POST .../job_actions/bulk_status/{status}`: changes the jobs that may change and skips the others. */
export function* setJobsStatus(
  view: JobView,
  request: { readonly dataset_id: string; readonly jobs: readonly string[]; readonly status: string },
): SlicedDecision<Nothing> {
  const { status, jobs } = request;
  if (jobs.length === 0) return invalid('job.no-jobs', 'Missing jobs in body');
  if (jobs.length > JOBS_PER_REQUEST_MAX) return tooMany();
  if (!isJobStatus(status)) return invalid('job.bad-status', 'Bad status');
  const chosen = new ChosenJobs();
  let existing = 0;
  let unchanged = 0;
  for (const [index, id] of [...new Set(jobs)].entries()) {
    const job = inDataset(view, request.dataset_id, id);
    if (job !== undefined) existing += 1;
    if (job?.status === status) unchanged += 1;
    else if (job?.status !== undefined && PREDECESSORS[status].includes(job.status)) chosen.add(job);
    if (index % SLICE === SLICE - 1) yield;
  }
  const haveAllStatus = existing > 0 && unchanged === existing;
  if (chosen.isEmpty && !haveAllStatus) {
    return new DomainError('not-found', 'job.none-changed', 'Jobs not found');
  }
  return { events: chosen.movedTo(status), reply: {} };
}

const tooMany = (): DomainError =>
  invalid('job.too-many', `Too many jobs in body. must be <= ${String(JOBS_PER_REQUEST_MAX)}`);

/** Whether a bulk action changes a job. A hard reset changes jobs of unknown statuses too. */
const takes = (action: BulkAction, { status }: Job): boolean =>
  status === undefined ? action === 'hard_reset' : ACTIONS[action].from.includes(status);

/** `POST .../job_actions/bulk_suspend | bulk_reset | bulk_hard_reset`: an empty list means no job, an absent list all jobs. */
export function* actOnJobs(
  view: JobView,
  request: JobSelection & { readonly action: BulkAction },
): SlicedDecision<Nothing> {
  const { dataset_id: datasetId, jobs, action } = request;
  const chosen = new ChosenJobs();
  if (jobs === undefined) {
    for (const slice of view.slicesOf(datasetId, action === 'hard_reset' ? [] : ACTIONS[action].from)) {
      for (const job of slice) if (takes(action, job)) chosen.add(job);
      yield;
    }
  } else {
    if (jobs.length > JOBS_PER_REQUEST_MAX) return tooMany();
    for (const [index, id] of [...new Set(jobs)].entries()) {
      const job = inDataset(view, datasetId, id);
      if (job !== undefined && takes(action, job)) chosen.add(job);
      if (index % SLICE === SLICE - 1) yield;
    }
  }
  return { events: chosen.movedTo(ACTIONS[action].to), reply: {} };
}

/** The statuses of a filter. Refuses unknown ones. */
export const readStatuses = (words: readonly string[] | undefined): readonly JobStatus[] | DomainError => {
  if (words === undefined) return [];
  return words.every(isJobStatus) ? words : invalid('job.unknown-status', 'Unknown status');
};
