import type { DatasetStatus, JobStatus } from '#contracts/iceprod/statuses.js';

/** How many tasks of a job, or jobs of a dataset, have each status. */
type Counted = ReadonlyMap<string, number>;

const only = (counts: Counted, statuses: readonly string[]): boolean =>
  [...counts].every(([status, n]) => n === 0 || statuses.includes(status));

const isEmpty = (counts: Counted): boolean => [...counts.values()].every((n) => n === 0);

/** The next status of a processing job in a processing dataset (contract 17, job completion). A job without tasks stays. */
export const completionOfJob = (tasks: Counted): JobStatus | undefined => {
  if (isEmpty(tasks)) return undefined;
  if (only(tasks, ['complete'])) return 'complete';
  if (only(tasks, ['complete', 'suspended'])) return 'suspended';
  if (only(tasks, ['complete', 'failed', 'suspended'])) return 'errors';
  return undefined;
};

/** Whether a processing job of a stopped dataset stops as well (contract 17, dataset cleanup). */
export const stopsWith = (dataset: string, tasks: Counted): boolean => dataset === 'errors' || !only(tasks, ['idle']);

/** Statuses of tasks that stop with their dataset. Idle tasks of a suspended dataset stay, because it may go on. */
export const stoppedBy = (dataset: string): readonly string[] =>
  dataset === 'errors' ? ['idle', 'waiting', 'queued', 'processing'] : ['waiting', 'queued', 'processing'];

/** Statuses of tasks that stop with their job in a processing dataset. */
export const STOPPED_BY_JOB: readonly string[] = ['idle', 'waiting', 'queued', 'processing', 'failed'];

/** The next status of a processing dataset with a config (contract 17, dataset completion). */
export const completionOfDataset = (
  { jobs: submitted, truncated }: { readonly jobs: number; readonly truncated: boolean },
  jobs: Counted,
): DatasetStatus | undefined => {
  const total = [...jobs.values()].reduce((sum, n) => sum + n, 0);
  if (!truncated && total < submitted) return undefined;
  if (total > 0 && only(jobs, ['complete'])) return 'complete';
  if ((jobs.get('processing') ?? 0) > 0) return undefined;
  return (jobs.get('errors') ?? 0) > 0 ? 'errors' : 'suspended';
};
