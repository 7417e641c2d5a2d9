import type { Dataset } from '../view.js';

/** Whether the progress of the task is told by the files of the dataset (contract 3.2). */
export const isMasterInput = ({ type, masterId }: Dataset): boolean =>
  masterId === null && (type === 'input' || type === 'pseudo_input');

export interface InputCounts {
  readonly files: number;
  readonly used: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly missing: number;
}

/** Files of the master inputs of a task. */
export const inputCounts = (datasets: readonly Dataset[]): InputCounts => {
  const counts = { files: 0, used: 0, running: 0, finished: 0, failed: 0, missing: 0 };
  for (const dataset of datasets.filter(isMasterInput)) {
    counts.files += dataset.nFiles;
    counts.used += dataset.nFilesUsed;
    counts.running += dataset.nFilesRunning;
    counts.finished += dataset.nFilesFinished;
    counts.failed += dataset.nFilesFailed;
    counts.missing += dataset.nFilesMissing;
  }
  return counts;
};
