import type { DescribeJobsRequest, TaskJobsRequest } from '#contracts/panda/documents.js';
import { microsOfTime } from '#contracts/panda/times.js';
import { valueIn } from '#platform/json-object.js';
import { attributeOf, type StoredJob } from '../job/job-rows.js';
import type { PandaReader } from '../sqlite-view.js';
import { jobDocument } from './job-document.js';
import { type JsonPieces, jsonList, jsonObject, type Member } from './json-text.js';

/** Jobs that are described in one answer (contract 6.5, 6.10). */
const DESCRIBED_MAX = 5_500;

/** Jobs read at a time. */
const READ = 100;

const MICROS_PER_SECOND = 1_000_000;

const UNSUCCESSFUL: readonly string[] = ['failed', 'cancelled', 'closed'];

/** `job/get_description`: in the order of the ids, null for unknown jobs. */
export function* describedJobs(reader: PandaReader, { job_ids: ids }: DescribeJobsRequest): JsonPieces {
  yield* jsonList(descriptions(reader, ids.slice(0, DESCRIBED_MAX)));
}

function* descriptions(reader: PandaReader, ids: readonly number[]): Generator<string, void, void> {
  for (const id of ids) {
    const state = reader.jobState(id);
    const job = state && reader.jobRows.stored(state.key);
    yield job === undefined ? 'null' : `${documentOf(reader, job)}}`;
  }
}

const documentOf = (reader: PandaReader, job: StoredJob): string =>
  jobDocument(job, reader.jobTexts.text(job.key, 'metadata'));

/** `task/get_job_descriptions`. */
export function* taskJobDescriptions(reader: PandaReader, request: TaskJobsRequest): JsonPieces {
  yield* jsonList(taskDescriptions(reader, request));
}

function* taskDescriptions(
  reader: PandaReader,
  { task_id: id, unsuccessful_only: isUnsuccessfulOnly }: TaskJobsRequest,
): Generator<string | undefined, void, void> {
  let left = DESCRIBED_MAX;
  for (const job of jobsOf(reader, id)) {
    if (isUnsuccessfulOnly && !UNSUCCESSFUL.includes(job.status)) {
      yield undefined;
      continue;
    }
    if ((left -= 1) < 0) return;
    const more = `,"jobDuration":${durationOf(job) ?? 'null'},"extendedProdSourceLabel":${JSON.stringify(labelOf(job))}}`;
    yield documentOf(reader, job) + more;
  }
}

/** Jobs of a task in order of their ids. */
function* jobsOf(reader: PandaReader, taskId: number): Generator<StoredJob, void, void> {
  const task = reader.task(taskId);
  if (task === undefined) return;
  for (let jobs = reader.jobRows.storedBehind(task.workload, undefined, READ); jobs.length > 0;) {
    yield* jobs;
    jobs = reader.jobRows.storedBehind(task.workload, jobs.at(-1)?.key, READ);
  }
}

/** Seconds from start to end. */
const durationOf = (job: StoredJob): number | undefined => {
  const [start, end] = [attributeOf(job, 'startTime'), attributeOf(job, 'endTime')].map((time) =>
    microsOfTime(time ?? ''),
  );
  return start === undefined || end === undefined ? undefined : Math.floor((end - start) / MICROS_PER_SECOND);
};

/** Contract 6.10: the first that applies. */
const labelOf = (job: StoredJob): string => {
  const label = attributeOf(job, 'prodSourceLabel') ?? '';
  if (job.kind === 'build') return `${label}_build`;
  if (job.kind === 'merge' || attributeOf(job, 'processingType') === 'pmerge') return `${label}_pmerge`;
  const isScout = (attributeOf(job, 'specialHandling') ?? '').split(',').includes('sj');
  return `${label}_${isScout ? 'scout' : 'normal'}`;
};

/** `job/get_metadata_for_analysis_jobs`: by PandaID, of finished jobs with the label user. */
export function* jobMetadata(reader: PandaReader, { task_id: id }: { readonly task_id: number }): JsonPieces {
  yield* jsonObject(metadataTexts(reader, id));
}

function* metadataTexts(reader: PandaReader, taskId: number): Generator<Member | undefined, void, void> {
  for (const job of jobsOf(reader, taskId)) {
    const isTold = job.status === 'finished' && attributeOf(job, 'prodSourceLabel') === 'user';
    const text = isTold ? reader.jobTexts.text(job.key, 'metadata') : undefined;
    // Pilots send metadata as text: what is no JSON cannot be told.
    yield text !== undefined && valueIn(text) !== undefined ? [String(job.pandaId), text] : undefined;
  }
}
