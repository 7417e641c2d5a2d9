import type { Ledger } from '#ledger/ledger.js';
import { carriedOut, made, settled } from './requests.js';
import { eventsAfter, openTestLedger } from '../../../harness/open-test-ledger.js';
import type { GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newJob, newTask } from '../fixtures.js';

type RequestEvent = Readonly<{ request_id?: unknown; progress?: unknown }>;

type DatasetWord = 'processing' | 'suspended' | 'errors' | 'complete';

const JOBS = { p: 'processing', s: 'suspended', e: 'errors', c: 'complete' } as const;
const TASKS = {
  ...{ i: 'idle', w: 'waiting', q: 'queued', p: 'processing', s: 'suspended', f: 'failed', c: 'complete' },
} as const;

/** A job of each status, by first letters, and the tasks of each. */
const START = { jobs: 'psec', tasks: 'iw sq fc cp' } as const;

/** Task names consist of the job's index and the task's index. */
type TaskName = `${0 | 1 | 2 | 3}${0 | 1}`;

interface Selection {
  readonly initial_status?: string;
  readonly job_ids?: readonly number[];
  readonly task_ids?: readonly TaskName[];
}

type Row = readonly [
  request: string,
  selection: Selection,
  dataset: DatasetWord,
  after: DatasetWord,
  jobs: string,
  tasks: string,
];

/** IceProd contract 16: the request, the dataset's status before it, and the statuses of dataset, jobs and tasks after it. */
const ROWS: readonly Row[] = [
  // Moves the dataset if legal, then the tasks of all jobs, then the jobs.
  ['dataset_status suspend', {}, 'processing', 'suspended', 'ssec', 'ss ss fc cs'],
  ['dataset_status suspend', {}, 'errors', 'suspended', 'ssec', 'ss ss fc cs'],
  ['dataset_status suspend', {}, 'suspended', 'suspended', 'ssec', 'ss ss fc cs'],
  ['dataset_status suspend', {}, 'complete', 'complete', 'ssec', 'ss ss fc cs'],
  ['dataset_status reset', {}, 'suspended', 'processing', 'pppc', 'ii ii ic ci'],
  ['dataset_status reset', {}, 'errors', 'processing', 'pppc', 'ii ii ic ci'],
  ['dataset_status reset', {}, 'complete', 'complete', 'pppc', 'ii ii ic ci'],
  ['dataset_status hard_reset', {}, 'suspended', 'processing', 'pppp', 'ii ii ii ii'],
  ['dataset_status hard_reset', {}, 'complete', 'processing', 'pppp', 'ii ii ii ii'],
  // Resets move the dataset if legal, suspensions do not; then move the tasks of the jobs, then the jobs.
  ['job_status suspend', {}, 'processing', 'processing', 'ssec', 'ss ss fc cs'],
  ['job_status suspend', { job_ids: [0, 2] }, 'errors', 'errors', 'ssec', 'ss sq fc cp'],
  ['job_status suspend', { initial_status: 'complete' }, 'processing', 'processing', 'psec', 'iw sq fc cs'],
  ['job_status suspend', { job_ids: [] }, 'processing', 'processing', 'psec', 'iw sq fc cp'],
  ['job_status reset', {}, 'suspended', 'processing', 'pppc', 'ii ii ic ci'],
  ['job_status reset', { initial_status: 'errors' }, 'errors', 'processing', 'pspc', 'iw sq ic cp'],
  ['job_status reset', { job_ids: [1, 3] }, 'complete', 'complete', 'ppec', 'iw ii fc ci'],
  ['job_status reset', { job_ids: [] }, 'suspended', 'processing', 'psec', 'iw sq fc cp'],
  ['job_status hard_reset', { job_ids: [3] }, 'complete', 'complete', 'psep', 'iw sq fc ii'],
  ['job_status hard_reset', { initial_status: 'complete' }, 'errors', 'processing', 'psep', 'iw sq fc ii'],
  ['job_status hard_reset', {}, 'suspended', 'processing', 'pppp', 'ii ii ii ii'],
  // With job_ids: moves their tasks, except for suspensions, and the jobs.
  ['task_status suspend', { job_ids: [0, 1] }, 'processing', 'processing', 'ssec', 'iw sq fc cp'],
  ['task_status reset', { job_ids: [1, 2] }, 'errors', 'processing', 'pppc', 'iw ii ic cp'],
  ['task_status hard_reset', { job_ids: [3] }, 'complete', 'complete', 'psep', 'iw sq fc ii'],
  // Otherwise, resets move the tasks and their jobs, suspensions only the tasks.
  ['task_status suspend', {}, 'processing', 'processing', 'psec', 'ss ss fc cs'],
  ['task_status suspend', { task_ids: ['00', '11'] }, 'processing', 'processing', 'psec', 'sw ss fc cp'],
  ['task_status suspend', { initial_status: 'queued' }, 'suspended', 'suspended', 'psec', 'iw ss fc cp'],
  ['task_status suspend', { task_ids: [] }, 'processing', 'processing', 'psec', 'iw sq fc cp'],
  ['task_status reset', {}, 'suspended', 'processing', 'pppc', 'ii ii ic ci'],
  ['task_status reset', { initial_status: 'failed' }, 'errors', 'processing', 'pspc', 'iw sq ic cp'],
  ['task_status reset', { task_ids: ['10', '30', '31'] }, 'complete', 'complete', 'ppec', 'iw iq fc ci'],
  ['task_status hard_reset', { task_ids: ['30'] }, 'complete', 'complete', 'psep', 'iw sq fc ip'],
  ['task_status hard_reset', { initial_status: 'complete' }, 'suspended', 'processing', 'pspp', 'iw sq fi ip'],
  ['task_status hard_reset', {}, 'errors', 'processing', 'pppp', 'ii ii ii ii'],
];

/** What the events of requests of one type say, behind a position. */
const ofRequests = async (ledger: Ledger, after: number, type: string): Promise<readonly RequestEvent[]> =>
  (await eventsAfter(ledger, after))
    .filter((event) => event.type === type)
    .map(({ data }) => JSON.parse(data) as RequestEvent);

/** IceProd contract 16: requests that set the status of a dataset, of jobs or of tasks. */
export const statusRequests = (cluster: GetTestCluster): void => {
  describe('dataset_status, job_status and task_status', () => {
    /** A dataset with a job of each status. */
    const newDatasetOfJobs = async (status: DatasetWord) => {
      const { system } = cluster();
      const id = await newDataset(system, { status: status === 'suspended' ? status : 'processing' });
      const jobs: string[] = [];
      const tasks = new Map<string, string>();
      const letters = START.tasks.split(' ');
      for (const [job_index, letter] of Array.from(START.jobs).entries()) {
        const job_id = await newJob(system, id, { job_index, status: JOBS[letter as keyof typeof JOBS] });
        jobs.push(job_id);
        for (const [task_index, word] of Array.from(letters[job_index] ?? '').entries()) {
          const place = { job_id, job_index, task_index, status: TASKS[word as keyof typeof TASKS] };
          tasks.set(`${job_index}${task_index}`, await newTask(system, id, place));
        }
      }
      if (status === 'errors' || status === 'complete') await system.put(`/datasets/${id}/status`, { status });
      return { id, jobs, tasks };
    };

    type Placed = Readonly<{ job_index: number; task_index: number; status: string }>;

    const seen = async (id: string) => {
      const { system } = cluster();
      const get = async (path: string) => (await system.get(`/datasets/${id}${path}`)).json as Record<string, Placed>;
      const letters = (placed: readonly Placed[]): string => placed.map(({ status }) => status.charAt(0)).join('');
      const jobs = Object.values(await get('/jobs')).toSorted((one, other) => one.job_index - other.job_index);
      const tasks = Object.values(await get('/tasks')).toSorted((one, other) => one.task_index - other.task_index);
      const of = jobs.map(({ job_index: job }) => letters(tasks.filter(({ job_index: there }) => there === job)));
      const { status } = (await system.get(`/datasets/${id}`)).json as { status: string };
      return { dataset: status, jobs: letters(jobs), tasks: of.join(' ') };
    };

    it.each(ROWS)('%s with %j turns a dataset of status %s to %s, its jobs to %s, its tasks to %s', async (...row) => {
      const [request, { initial_status, job_ids, task_ids }, dataset, after, jobs, tasks] = row;
      const { system } = cluster();
      const given = await newDatasetOfJobs(dataset);
      expect(await seen(given.id)).toEqual({ dataset, ...START });
      const [name = '', action] = request.split(' ');
      const body = {
        ...{ dataset_id: given.id, action, initial_status },
        job_ids: job_ids?.map((place) => given.jobs[place]),
        task_ids: task_ids?.map((place) => given.tasks.get(place)),
      };
      const ended = await carriedOut(system, name, body);
      expect(ended).toMatchObject({ status: 'complete', error_message: '', payload: { progress: 100 } });
      expect(await seen(given.id)).toEqual({ dataset: after, jobs, tasks });
    });

    it('show the submitted fields and their defaults', async () => {
      const { system } = cluster();
      const { id, jobs } = await newDatasetOfJobs('processing');
      const fields = { dataset_id: id, action: 'reset' };
      expect(await carriedOut(system, 'job_status', { ...fields, job_ids: [jobs[1]] })).toEqual({
        ...{ id: expect.stringMatching(ID) as string, status: 'complete', error_message: '' },
        payload: { ...fields, initial_status: null, job_ids: [jobs[1]], progress: 100, type: 'job_status' },
      });
      const { payload } = await carriedOut(system, 'task_status', {
        ...fields,
        initial_status: 'failed',
        job_ids: null,
      });
      expect(payload).toEqual({
        ...{ ...fields, initial_status: 'failed', job_ids: null, task_ids: null, progress: 100, type: 'task_status' },
      });
    });

    it('do not change jobs and tasks of other datasets', async () => {
      const { system } = cluster();
      const own = await newDatasetOfJobs('processing');
      const other = await newDatasetOfJobs('processing');
      const tasks = [...other.tasks.values()];
      for (const selection of [{ job_ids: other.jobs }, { task_ids: [...tasks, 'nobody'] }]) {
        await carriedOut(system, 'task_status', { dataset_id: own.id, action: 'hard_reset', ...selection });
      }
      await carriedOut(system, 'job_status', { dataset_id: own.id, action: 'suspend', job_ids: other.jobs });
      for (const { id } of [own, other]) expect(await seen(id)).toEqual({ dataset: 'processing', ...START });
    });

    it('fail for a missing dataset when they would change it', async () => {
      const { system } = cluster();
      const body = { dataset_id: 'nope', action: 'suspend' };
      expect(await carriedOut(system, 'dataset_status', body)).toMatchObject({
        ...{ status: 'error', error_message: 'Dataset not found' },
      });
    });

    it('work in batches of 5000 and report their progress', async () => {
      const { system, cairn } = cluster();
      const id = await newDataset(system, { jobs_submitted: 12_001, tasks_submitted: 12_001, tasks_per_job: 1 });
      const jobs = { first_job_index: 0, count: 12_001, tasks: [{ name: 'a', depends: [], requirements: {} }] };
      expect((await system.post(`/cairn/iceprod/datasets/${id}/tasks`, jobs)).status).toBe(201);
      const ledger = await openTestLedger(cairn);
      const advanced = async (name: string, action: string, selection: object = {}) => {
        const before = await ledger.head();
        const { id: request } = await carriedOut(system, name, { dataset_id: id, action, ...selection });
        return (await ofRequests(ledger, before, 'RequestProgressed'))
          .filter(({ request_id }) => request_id === request)
          .map(({ progress }) => progress);
      };
      expect(await advanced('dataset_status', 'suspend')).toEqual([41, 83, 99]);
      expect(await advanced('job_status', 'reset', { initial_status: 'suspended' })).toEqual([41, 83, 99]);
      expect(await advanced('task_status', 'hard_reset', { initial_status: 'idle' })).toEqual([50, 70, 91, 99]);
      expect(await advanced('task_status', 'suspend')).toEqual([41, 83, 99]);
      await ledger.close();
      expect((await system.get(`/datasets/${id}/task_counts/status`)).json).toEqual({ suspended: 12_001 });
      expect((await system.get(`/datasets/${id}/job_counts/status`)).json).toEqual({ processing: 12_001 });
    });

    it('do not wait for a long request of another dataset', async () => {
      const { system, cairn } = cluster();
      const large = await newDataset(system);
      const jobs = { first_job_index: 0, count: 20_000, tasks: [{ name: 'a', depends: [], requirements: {} }] };
      expect((await system.post(`/cairn/iceprod/datasets/${large}/tasks`, jobs)).status).toBe(201);
      const ledger = await openTestLedger(cairn);
      const before = await ledger.head();
      const small = await newDataset(system);
      // Concurrently, because on a busy machine the long request may end before another is submitted.
      const [long = '', short = ''] = await Promise.all(
        [large, small].map((id) => made(system, 'dataset_status', { dataset_id: id, action: 'suspend' })),
      );
      for (const id of [long, short]) {
        expect(await settled(system, 'dataset_status', id)).toMatchObject({ status: 'complete' });
      }
      const ends = (await ofRequests(ledger, before, 'RequestCompleted')).filter(({ request_id }) =>
        [long, short].includes(String(request_id)),
      );
      await ledger.close();
      expect(ends.map(({ request_id }) => request_id)).toEqual([short, long]);
    });
  });
};
