import type { Page } from '#bus/contract.js';
import type { JobOutline, OutlineJobsRequest } from '#contracts/iceprod/jobs.js';
import type { Jobs } from './job-rows.js';

interface OutlineCursor {
  readonly index: number;
  /** Jobs of that index on earlier pages. */
  readonly skip: number;
}

const HIGHEST = Number.MAX_SAFE_INTEGER;
const LOWEST = Number.MIN_SAFE_INTEGER;

const readCursor = ({ to = HIGHEST, cursor }: OutlineJobsRequest): OutlineCursor => {
  if (cursor === undefined) return { index: to, skip: 0 };
  const [index, skip] = cursor.split(':').map(Number);
  return { index: index ?? to, skip: skip ?? 0 };
};

/**
 * One page of a dataset's jobs, the highest index first, so that clients that complete the last jobs need not read all.
 *
 * @param tasksOf how many tasks of the dataset a job has
 */
export const outlineJobs = (jobs: Jobs, tasksOf: (jobId: string) => number, request: OutlineJobsRequest): Page => {
  const cursor = readCursor(request);
  const down = jobs.down(request.dataset_id, request.from ?? LOWEST, cursor);
  const entries = down.jobs.map(({ id, index }) => {
    const outline: JobOutline = { job_id: id, job_index: index, tasks: tasksOf(id) };
    return JSON.stringify(outline);
  });
  const last = down.jobs.at(-1)?.index;
  if (down.isLast || last === undefined) return { entries };
  const alike = down.jobs.filter(({ index }) => index === last).length;
  return { entries, next: `${last}:${last === cursor.index ? cursor.skip + alike : alike}` };
};

/** Index of the next job: one more than the highest. */
export const nextJobIndex = (jobs: Jobs, datasetId: string): number => (jobs.highestIndex(datasetId) ?? -1) + 1;
