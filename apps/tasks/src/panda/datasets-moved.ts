import type { DatasetsMoved } from '#contracts/panda/events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Dataset, Task } from './view.js';

/** Datasets of a task change alike. No event for none. */
export const datasetsMoved = (
  { stream }: Pick<Task, 'stream'>,
  datasets: readonly Pick<Dataset, 'id'>[],
  change: Omit<DatasetsMoved, 'datasets'>,
): readonly DecidedEvent[] => {
  const data: DatasetsMoved = { datasets: datasets.map(({ id }) => id), ...change };
  return datasets.length === 0 ? [] : [{ stream, type: 'DatasetsMoved', data }];
};

/** Files of datasets that are held back for scouts may be used. */
export const heldFilesFreed = (task: Pick<Task, 'stream'>, datasets: readonly Dataset[]): readonly DecidedEvent[] =>
  datasets
    .filter(({ nFiles, nFilesToBeUsed }) => nFilesToBeUsed < nFiles)
    .flatMap((dataset) => datasetsMoved(task, [dataset], { files_to_be_used: dataset.nFiles }));
