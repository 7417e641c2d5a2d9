import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import type { ChangeDatasetRequest } from '#contracts/iceprod/datasets.js';
import { isDatasetStatus } from '#contracts/iceprod/statuses.js';
import type { Dataset, DatasetEvent } from './dataset.js';
import { priorityProblem } from './submit-dataset.js';
import { DATASET_TRANSITIONS, TRUNCATED_WORD } from './status-machine.js';

/** As large as an event may safely carry. */
const DESCRIPTION_BYTES_MAX = 128 * 1024;

type Change = ChangeDatasetRequest;
export type Changed = {
  [Type in DatasetEvent['type']]: Omit<Extract<DatasetEvent, { type: Type }>, 'timeMicros'>;
}[Exclude<DatasetEvent['type'], 'WorkloadSubmitted'>];

const refused = (kind: 'invalid' | 'state', code: string, message: string): DomainError =>
  new DomainError(kind, `dataset.${code}`, message);

export const datasetNotFound = (): DomainError =>
  new DomainError('not-found', 'dataset.not-found', 'Dataset not found');

/** What is wrong with a change of any dataset; checked before whether the dataset exists. */
const problemOf = (change: Change, caller: Caller): DomainError | undefined => {
  switch (change.change) {
    case 'status':
      return isDatasetStatus(change.status) || change.status === TRUNCATED_WORD
        ? undefined
        : refused('invalid', 'bad-status', 'bad status');
    case 'description':
      return Buffer.byteLength(JSON.stringify(change.description)) > DESCRIPTION_BYTES_MAX
        ? refused('invalid', 'description-too-long', 'description too long')
        : undefined;
    case 'jobs_submitted':
      return Number.isSafeInteger(change.jobs_submitted)
        ? undefined
        : refused('invalid', 'bad-jobs-submitted', 'jobs_submitted is not an int');
    case 'priority':
      return priorityProblem(change.priority, caller);
    case 'hard_reset':
    case 'truncate':
      return undefined;
  }
};

const move = (
  dataset: Dataset,
  { status, reason }: Extract<Change, { readonly change: 'status' }>,
  automaticReason: string | undefined,
): readonly Changed[] | DomainError => {
  if (status === TRUNCATED_WORD) return truncate(dataset);
  const moved: Changed = { type: 'WorkloadMoved', data: { status, ...(reason !== undefined && { reason }) } };
  // A person who sets the status that automation has set wants it to stay.
  if (dataset.status === status) return automaticReason !== undefined && reason === undefined ? [moved] : [];
  const allowed: readonly string[] = DATASET_TRANSITIONS[dataset.status];
  return allowed.includes(status) ? [moved] : refused('state', 'bad-transition', 'Bad state transition for status');
};

const truncate = (dataset: Dataset): readonly Changed[] | DomainError => {
  if (dataset.status === 'complete') return refused('state', 'complete', 'Cannot truncate complete dataset');
  return dataset.truncated ? [] : [{ type: 'DatasetTruncated', data: {} }];
};

const extend = (dataset: Dataset, jobs: number): readonly Changed[] | DomainError => {
  const { jobs_submitted: before, tasks_per_job: perJob, tasks_submitted: tasksBefore } = dataset;
  if (dataset.jobs_immutable) return refused('state', 'jobs-immutable', 'jobs_submitted is immutable');
  if (jobs < before) return refused('state', 'fewer-jobs', 'jobs_submitted must not be less than before');
  if (perJob <= 0) return refused('state', 'bad-tasks-per-job', 'tasks_per_job must be > 0');
  const tasks = jobs * perJob;
  if (!Number.isSafeInteger(tasks)) return refused('invalid', 'too-many-tasks', 'too many tasks');
  if (jobs === before && tasks === tasksBefore) return [];
  return [{ type: 'DatasetExtended', data: { jobs_submitted: jobs, tasks_submitted: tasks } }];
};

/**
 * Decides what a change makes of a dataset (IceProd contract 4.2, 4.3). What would change nothing is no event.
 *
 * @param automaticReason why Cairn itself gave the dataset its current status; undefined if a client did
 */
export const changeDataset = (
  dataset: Dataset | undefined,
  change: Change,
  caller: Caller,
  automaticReason?: string,
): readonly Changed[] | DomainError => {
  const problem = problemOf(change, caller);
  if (problem !== undefined) return problem;
  if (dataset === undefined) return datasetNotFound();
  switch (change.change) {
    case 'status':
      return move(dataset, change, automaticReason);
    case 'description':
      return dataset.description === change.description
        ? []
        : [{ type: 'DatasetDescribed', data: { description: change.description } }];
    case 'priority':
      return dataset.priority === change.priority
        ? []
        : [{ type: 'WorkloadPrioritized', data: { priority: change.priority } }];
    case 'jobs_submitted':
      return extend(dataset, change.jobs_submitted);
    case 'hard_reset':
      return dataset.status === 'processing'
        ? []
        : [{ type: 'WorkloadMoved', data: { status: 'processing', forced: true } }];
    case 'truncate':
      return truncate(dataset);
  }
};
