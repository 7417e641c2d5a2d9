import { isFinalJob, type JobStatus, type TaskFileStatus } from '#contracts/panda/statuses.js';
import { inputCounts, isMasterInput } from '../file/input-counts.js';
import type { PandaReader } from '../sqlite-view.js';
import type { Dataset, Task } from '../view.js';
import type { Member } from './json-text.js';

/** Files read between two yields. */
const FILES_PER_YIELD = 500;

const IN_JOB: ReadonlySet<TaskFileStatus> = new Set(['picked', 'running', 'merging']);

/** What the files of a task's master inputs tell. */
interface FilesOfJobs {
  /** Ascending. */
  readonly pandaIds: readonly number[];
  /** How many files are in active jobs of a status; merge jobs are not counted. */
  readonly byStatus: ReadonlyMap<JobStatus, number>;
}

/** Names as users know them: containers where they are given. */
const namesOf = (datasets: readonly Dataset[]): string =>
  [...new Set(datasets.map(({ container, name }) => container ?? name))].join(',');

export const inputNames = (datasets: readonly Dataset[]): string =>
  namesOf(datasets.filter(({ type }) => type === 'input'));

export const outputNames = (datasets: readonly Dataset[]): string =>
  namesOf(datasets.filter(({ type }) => type === 'output' || type === 'log'));

/** Members of `task/get_details` that tell of inputs, outputs and jobs (contract 6.10). `statistics` counts files by the status of their jobs. */
export function* taskDigest(
  reader: PandaReader,
  task: Task,
  statistics: 'jobs' | 'files',
): Generator<string, readonly Member[], void> {
  const datasets = reader.datasets(task);
  const { pandaIds, byStatus } = yield* filesOfJobs(reader, datasets.filter(isMasterInput), statistics);
  return [
    ['inDS', JSON.stringify(inputNames(datasets))],
    ['outDS', JSON.stringify(outputNames(datasets))],
    ['statistics', JSON.stringify(statistics === 'jobs' ? byJobs(datasets, byStatus) : byFiles(datasets))],
    ['PandaID', JSON.stringify(pandaIds)],
    ['mergeStatus', 'null'],
    ['mergePandaID', '[]'],
  ];
}

function* filesOfJobs(
  reader: PandaReader,
  datasets: readonly Dataset[],
  statistics: 'jobs' | 'files',
): Generator<string, FilesOfJobs, void> {
  const ids = new Set<number>();
  const states = new Map<number, JobStatus | undefined>();
  const byStatus = new Map<JobStatus, number>();
  const activeStatus = (pandaId: number): JobStatus | undefined => {
    const state = reader.jobState(pandaId);
    return state === undefined || state.kind === 'merge' || isFinalJob(state.status) ? undefined : state.status;
  };
  for (const { id: dataset } of datasets) {
    for (let after = 0, isLast = false; !isLast;) {
      const files = reader.fileRows.lastJobs(dataset, after, FILES_PER_YIELD);
      for (const { pandaId, status } of files) {
        if (pandaId === null) continue;
        ids.add(pandaId);
        if (statistics === 'files' || !IN_JOB.has(status)) continue;
        if (!states.has(pandaId)) states.set(pandaId, activeStatus(pandaId));
        const found = states.get(pandaId);
        if (found !== undefined) byStatus.set(found, (byStatus.get(found) ?? 0) + 1);
      }
      after = files.at(-1)?.id ?? after;
      isLast = files.length < FILES_PER_YIELD;
      yield '';
    }
  }
  return { pandaIds: [...Float64Array.from(ids).sort()], byStatus };
}

const text = (counts: Iterable<readonly [word: string, count: number]>): string =>
  [...counts]
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${word}*${count}`)
    .join(',');

const byJobs = (datasets: readonly Dataset[], byStatus: ReadonlyMap<JobStatus, number>): string => {
  const { files, used, finished, failed } = inputCounts(datasets);
  const inJobs = [...byStatus.values()].reduce((sum, count) => sum + count, 0);
  return text([
    ['tobedone', files - used],
    ['finished', finished],
    ['failed', failed],
    ...byStatus,
    ['picked', used - finished - failed - inJobs],
  ]);
};

/** By what becomes of the files (contract 3.3, `proc_status`). */
const byFiles = (datasets: readonly Dataset[]): string => {
  const { files, used, running, finished, failed } = inputCounts(datasets);
  return text([
    ['ready', files - used],
    ['queued', used - running - finished - failed],
    ['running', running],
    ['finished', finished],
    ['failed', failed],
  ]);
};
