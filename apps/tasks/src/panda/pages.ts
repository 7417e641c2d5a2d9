import type { JobStatus } from '#contracts/panda/statuses.js';
import type { FileView, Home, JobState, JobView, TaskFile } from './view.js';

const FILES_MAX = 500;
const JOBS_MAX = 500;

/** All jobs of a task, or those of some statuses, in order of their ids, some at a time. Between two pages others may take their turn. */
export function* jobPages(
  view: JobView,
  home: Pick<Home, 'workload'>,
  { statuses, size = JOBS_MAX }: { readonly statuses?: readonly JobStatus[]; readonly size?: number } = {},
): Generator<readonly JobState[], void, void> {
  let after: number | undefined;
  for (;;) {
    const page = view.jobStates(home, {
      ...(statuses !== undefined && { statuses }),
      ...(after !== undefined && { after }),
      limit: size,
    });
    yield page;
    if (page.length < size) return;
    after = page.at(-1)?.pandaId;
  }
}

/** All files of a dataset in order of their ids, some at a time. */
export function* filePages(view: FileView, dataset: number): Generator<readonly TaskFile[], void, void> {
  let after = 0;
  for (;;) {
    const page = view.filesOf(dataset, after, FILES_MAX);
    yield page;
    if (page.length < FILES_MAX) return;
    after = page.at(-1)?.id ?? after;
  }
}

/** Ids of the files of a dataset, or of those that are wanted. Yields where others may take their turn. */
export function* fileIds(
  view: FileView,
  dataset: number,
  isWanted: (file: TaskFile) => boolean = () => true,
): Generator<void, readonly number[], void> {
  const ids: number[] = [];
  for (const page of filePages(view, dataset)) {
    for (const file of page) if (isWanted(file)) ids.push(file.id);
    yield;
  }
  return ids;
}
