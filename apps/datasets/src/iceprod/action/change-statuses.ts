import { createHash } from 'node:crypto';
import { ChangeDataset } from '#contracts/iceprod/datasets.js';
import { ActOnJobs, type BulkAction, CountJobs, ListJobs } from '#contracts/iceprod/jobs.js';
import { ActOnTasks, CountTasks, GetTask, ListTasks } from '#contracts/iceprod/tasks.js';
import { DomainError } from '#platform/domain-error.js';
import { total } from './dataset-priorities.js';
import type { Operation } from './operation.js';

/** Jobs or tasks that one command changes. */
const BATCH_MAX = 5000;

/** How much of the progress is for the jobs of selected tasks. */
const PART_OF_JOBS = 0.5;

/** Tasks looked up at a time. */
const LOOKUPS_AT_ONCE = 64;

/** What a request says about what is to be done. */
interface Change {
  readonly dataset_id: string;
  readonly action: BulkAction;
}

const changeOf = (operation: Operation): Change => {
  const action = operation.text('action');
  return {
    dataset_id: operation.text('dataset_id'),
    action: action === 'suspend' || action === 'reset' ? action : 'hard_reset',
  };
};

/** The id that an entry of a list begins with. */
const idOf = (entry: string): string => JSON.parse(entry.slice(0, entry.indexOf('"', 1) + 1)) as string;

type Pages<Item> = AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>;

async function* batchesOf<Item>(pages: Pages<Item>): AsyncGenerator<readonly Item[], void, void> {
  let batch: Item[] = [];
  for await (const page of pages) {
    for (const item of page) {
      batch.push(item);
      if (batch.length < BATCH_MAX) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** What the entries of a list say, id by id. */
async function* read<Item>(
  pages: Pages<string>,
  item: (entry: string) => Item,
): AsyncGenerator<readonly Item[], void, void> {
  for await (const page of pages) yield page.map(item);
}

/** Names a batch by what is in it, because another attempt may find other batches. */
const nameOf = (kind: string, ids: readonly string[]): string =>
  `${kind}/${createHash('sha256').update(ids.join()).digest('hex').slice(0, 32)}`;

const actOnTasksOf = (operation: Operation, change: Change, jobs: readonly string[]): Promise<object> =>
  operation.executeOnce(nameOf('tasks-of-jobs', jobs), ActOnTasks, { ...change, jobs });

const actOnJobs = (operation: Operation, change: Change, jobs: readonly string[]): Promise<object> =>
  operation.executeOnce(nameOf('jobs', jobs), ActOnJobs, { ...change, jobs });

const actOnTasks = (operation: Operation, change: Change, tasks: readonly string[]): Promise<object> =>
  operation.executeOnce(nameOf('tasks', tasks), ActOnTasks, { ...change, tasks });

const changeDataset = async (operation: Operation, { dataset_id: id, action }: Change): Promise<void> => {
  if (action === 'hard_reset') {
    await operation.executeOnce('dataset', ChangeDataset, { dataset_id: id, change: 'hard_reset' });
    return;
  }
  const status = action === 'suspend' ? 'suspended' : 'processing';
  await operation.executeIfAllowed('dataset', ChangeDataset, { dataset_id: id, change: 'status', status });
};

const liftDataset = async (operation: Operation, { dataset_id: id, action }: Change): Promise<void> => {
  if (action === 'suspend') return;
  await operation.executeIfAllowed('dataset', ChangeDataset, {
    dataset_id: id,
    change: 'status',
    status: 'processing',
  });
};

const jobsOf = (operation: Operation, { dataset_id: id }: Change): Pages<string> => {
  const given = operation.list('job_ids');
  const status = operation.text('initial_status');
  if (given !== undefined) return [given];
  const filter = status === '' ? {} : { statuses: [status] };
  return read(operation.listed(ListJobs, { dataset_id: id, keys: ['job_id'], ...filter }), idOf);
};

const countOf = async (operation: Operation, change: Change, kind: 'jobs' | 'tasks'): Promise<number> => {
  const given = operation.list(kind === 'jobs' ? 'job_ids' : 'task_ids');
  if (given !== undefined) return given.length;
  const request = { dataset_id: change.dataset_id };
  const { document } = await (kind === 'jobs'
    ? operation.call(CountJobs, request)
    : operation.call(CountTasks, request));
  const status = operation.text('initial_status');
  return status === '' ? total(document) : ((JSON.parse(document) as Record<string, number>)[status] ?? 0);
};

/** Tasks by jobs, then the jobs: batch by batch. */
const changeJobs = async (operation: Operation, change: Change, withTasks: boolean): Promise<void> => {
  const count = await countOf(operation, change, 'jobs');
  let done = 0;
  for await (const jobs of batchesOf(jobsOf(operation, change))) {
    if (withTasks) await actOnTasksOf(operation, change, jobs);
    await actOnJobs(operation, change, jobs);
    done += jobs.length;
    await operation.advance(done / Math.max(count, done));
  }
};

const jobIn = (document: string): string => (JSON.parse(document) as { readonly job_id: string }).job_id;

/** The job of a task; undefined when the dataset has no such task. */
const jobOf = async (operation: Operation, datasetId: string, id: string): Promise<string | undefined> => {
  try {
    return jobIn((await operation.call(GetTask, { task_id: id, dataset_id: datasetId, keys: ['job_id'] })).document);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not-found') return undefined;
    throw error;
  }
};

async function* lookedUp(
  operation: Operation,
  datasetId: string,
  ids: readonly string[],
): AsyncGenerator<readonly string[]> {
  for (let from = 0; from < ids.length; from += LOOKUPS_AT_ONCE) {
    const jobs = await Promise.all(
      ids.slice(from, from + LOOKUPS_AT_ONCE).map((id) => jobOf(operation, datasetId, id)),
    );
    yield jobs.filter((job) => job !== undefined);
  }
}

const listedTasks = (operation: Operation, { dataset_id: id }: Change, key: 'task_id' | 'job_id'): Pages<string> => {
  const status = operation.text('initial_status');
  const filter = status === '' ? {} : { statuses: [status] };
  return operation.listed(ListTasks, { dataset_id: id, keys: [key], ...filter });
};

const tasksOf = (operation: Operation, change: Change): Pages<string> => {
  const given = operation.list('task_ids');
  return given === undefined ? read(listedTasks(operation, change, 'task_id'), idOf) : [given];
};

/** Jobs that the selected tasks belong to, each as often as its tasks do not stand together. */
async function* jobsOfTasks(operation: Operation, change: Change): AsyncGenerator<readonly string[], void, void> {
  const given = operation.list('task_ids');
  const pages =
    given === undefined
      ? read(listedTasks(operation, change, 'job_id'), (entry) => jobIn(entry.slice(entry.indexOf(':') + 1)))
      : lookedUp(operation, change.dataset_id, given);
  for await (const page of pages) yield [...new Set(page)];
}

/** For resets the jobs that tasks belong to, then in any case the tasks: batch by batch. */
const changeTasks = async (operation: Operation, change: Change): Promise<void> => {
  const count = await countOf(operation, change, 'tasks');
  const withJobs = change.action !== 'suspend';
  if (withJobs) {
    for await (const jobs of batchesOf(jobsOfTasks(operation, change))) await actOnJobs(operation, change, jobs);
    await operation.advance(PART_OF_JOBS);
  }
  const before = withJobs ? PART_OF_JOBS : 0;
  let done = 0;
  for await (const tasks of batchesOf(tasksOf(operation, change))) {
    await actOnTasks(operation, change, tasks);
    done += tasks.length;
    await operation.advance(before + (1 - before) * (done / Math.max(count, done)));
  }
};

/**
 * `dataset_status`, `job_status` and `task_status` (IceProd contract 16). All resets lift the dataset, where that is legal:
 * tasks of another dataset than a processing one would never run.
 */
export const changeStatuses = async (operation: Operation): Promise<{ readonly progress: number }> => {
  const change = changeOf(operation);
  if (operation.request.action === 'dataset_status') {
    await changeDataset(operation, change);
    await changeJobs(operation, change, true);
  } else if (operation.request.action === 'job_status') {
    await liftDataset(operation, change);
    await changeJobs(operation, change, true);
  } else {
    await liftDataset(operation, change);
    if (operation.list('job_ids') === undefined) await changeTasks(operation, change);
    else await changeJobs(operation, change, change.action !== 'suspend');
  }
  return { progress: 100 };
};
