import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import type { Document } from './documents.js';
import type { HttpClient } from '../../harness/http-client.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { newDataset, newJob, newTask, unsubmitted } from './fixtures.js';

const DELAY_SECONDS = 0.1;

/** A config with one task for each name. */
const configOf = (...names: readonly string[]) => {
  const tasks = names.map((name) => ({ name, trays: [{ modules: [{}] }] }));
  return { version: 3.1, description: 'd', tasks };
};

describe.each(MODES)('IceProd automation ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'on',
    CAIRN_AUTOMATION_DELAY: String(DELAY_SECONDS),
  }));
  const system = (): HttpClient => cluster().system;
  const documentOf = async (path: string): Promise<Document> => (await system().get(path)).json as Document;
  const statusOf = (path: string) => async (): Promise<unknown> => (await documentOf(path))['status'];
  const task = (id: string) => statusOf(`/tasks/${id}`);
  const job = (id: string) => statusOf(`/jobs/${id}`);
  const dataset = (id: string) => statusOf(`/datasets/${id}`);

  /** A dataset with a config, and jobs of two tasks of which the second depends on the first. */
  const submit = async (jobs: number, fields: Document = {}) => {
    const counts = { jobs_submitted: jobs, tasks_submitted: 2 * jobs, tasks_per_job: 2 };
    const id = await newDataset(system(), { ...counts, ...fields });
    expect((await system().put(`/config/${id}`, configOf('generate'))).status).toBe(200);
    const made = [];
    for (let index = 0; index < jobs; index += 1) {
      const jobId = await newJob(system(), id, { job_index: index });
      const place = { job_id: jobId, job_index: index };
      const first = await newTask(system(), id, { ...place, name: 'generate' });
      const second = await newTask(system(), id, { ...place, name: 'filter', task_index: 1, depends: [first] });
      made.push({ jobId, first, second });
    }
    return { id, made };
  };
  const finish = async (id: string, how: 'complete' | 'failed'): Promise<void> => {
    for (const status of ['queued', 'processing', how]) {
      expect((await system().put(`/tasks/${id}/status`, { status })).status).toBe(200);
    }
  };

  /** Datasets without a config, created first: they wait for seconds, while the other tests run. */
  let bare = { id: '', job: '', active: '', late: '', stopped: '' };
  beforeAll(async () => {
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const active = await newDataset(system(), { ...counts, always_active: true });
    const id = await newDataset(system(), counts);
    const [late, stopped] = [await newDataset(system(), counts), await newDataset(system(), counts)];
    await system().put(`/datasets/${stopped}/status`, { status: 'suspended' });
    bare = { id, job: await newJob(system(), id), active, late, stopped };
  });

  it('queues tasks when their dependencies complete, then completes jobs and the dataset', async () => {
    const { id, made } = await submit(2);
    for (const { first, second } of made) {
      await eventually(task(first), 'waiting');
      expect(await task(second)()).toBe('idle');
      await finish(first, 'complete');
      await eventually(task(second), 'waiting');
      await finish(second, 'complete');
    }
    for (const { jobId } of made) await eventually(job(jobId), 'complete');
    await eventually(dataset(id), 'complete');
    const history = (await system().get(`/cairn/history/units/${made[0]?.first ?? ''}`)).json;
    expect(JSON.stringify(history)).toContain('cairn-automation');
  });

  it('creates the jobs of a dataset with a config once and queues their tasks after the settling time', async () => {
    const id = await newDataset(system(), { jobs_submitted: 3, tasks_submitted: 3, tasks_per_job: 1 });
    expect((await system().put(`/config/${id}`, configOf('generate'))).status).toBe(200);
    await eventually(async () => documentOf(`/datasets/${id}/task_counts/status`), { waiting: 3 });
    expect(await documentOf(`/datasets/${id}/job_counts/status`)).toEqual({ processing: 3 });
    for (const made of Object.keys(await documentOf(`/datasets/${id}/tasks?keys=task_id`))) {
      const { events } = (await system().get(`/cairn/history/units/${made}`)).json as {
        events: readonly { readonly event: string; readonly time: string; readonly data: { status?: string } }[];
      };
      const moves = events.filter(({ event }) => event === 'UnitsMoved');
      expect(moves.map(({ data }) => data.status)).toEqual(['waiting']);
      const [addedMs, movedMs] = [events[0], moves[0]].map((event) => Date.parse(event?.time ?? ''));
      expect((movedMs ?? Number.NaN) - (addedMs ?? Number.NaN)).toBeGreaterThanOrEqual(DELAY_SECONDS * 1000);
    }
    await system().post(`/datasets/${id}/task_actions/bulk_suspend`);
  });

  it('creates only the jobs that were not created by hand', async () => {
    const counts = { jobs_submitted: 4, tasks_submitted: 4, tasks_per_job: 1 };
    const id = await newDataset(system(), { ...counts, status: 'suspended' });
    for (const job_index of [0, 1]) {
      const job_id = await newJob(system(), id, { job_index });
      await newTask(system(), id, { job_id, job_index });
    }
    await system().put(`/config/${id}`, configOf('generate'));
    await system().put(`/datasets/${id}/status`, { status: 'processing' });
    await eventually(async () => documentOf(`/datasets/${id}/task_counts/status`), { waiting: 4 });
    const jobs = Object.values(await documentOf(`/datasets/${id}/jobs`)) as { job_index: number }[];
    expect(jobs.map(({ job_index: index }) => index).toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3]);
    await system().post(`/datasets/${id}/task_actions/bulk_suspend`);
  });

  it('creates jobs once an unusable config is corrected', async () => {
    const id = await newDataset(system(), { jobs_submitted: 1, tasks_submitted: 2, tasks_per_job: 2 });
    await system().put(`/config/${id}`, configOf('generate'));
    const newest = async (): Promise<unknown> =>
      (await documentOf(`/actions/materialization/datasets/${id}`))['status'];
    await eventually(newest, 'error');
    await system().put(`/config/${id}`, configOf('generate', 'filter'));
    await eventually(async () => documentOf(`/datasets/${id}/task_counts/status`), { waiting: 2 });
    await system().post(`/datasets/${id}/task_actions/bulk_suspend`);
  });

  it('sets priorities from dataset, task and job', async () => {
    const id = await newDataset(system(), { jobs_submitted: 1000, tasks_submitted: 2000, tasks_per_job: 2 });
    // Its config has only one task, so that automation creates no jobs from it.
    expect((await system().put(`/config/${id}`, configOf('generate'))).status).toBe(200);
    const at = async (job_index: number, task_index: number, depends: readonly string[] = []): Promise<string> =>
      newTask(system(), id, { job_index, task_index, depends });
    const [early, near, far] = [await at(3, 0), await at(250, 0), await at(500, 0)];
    const later = await at(500, 1);
    const blocked = await at(500, 1, [far]);
    for (const each of [early, near, far, later]) await eventually(task(each), 'waiting');
    await eventually(async () => (await documentOf(`/tasks/${blocked}`))['priority'], 0);
    const priorityOf = async (each: string): Promise<number> =>
      Number((await documentOf(`/tasks/${each}`))['priority']);
    // The dataset's share of the priority varies with other datasets: compared with a tolerance of a hundredth.
    expect((await priorityOf(near)) - (await priorityOf(far))).toBeCloseTo(0.05, 1);
    expect((await priorityOf(later)) - (await priorityOf(far))).toBeCloseTo(0.1, 1);
    expect(await priorityOf(early)).toBeGreaterThan(await priorityOf(near));
    await system().post(`/datasets/${id}/task_actions/bulk_suspend`);
  });

  it('moves jobs with failed tasks, and their dataset, to errors', async () => {
    const { id, made } = await submit(1);
    const [only] = made;
    await eventually(task(only?.first ?? ''), 'waiting');
    await finish(only?.first ?? '', 'failed');
    await system().put(`/tasks/${only?.second ?? ''}/status`, { status: 'suspended' });
    await eventually(job(only?.jobId ?? ''), 'errors');
    await eventually(dataset(id), 'errors');
  });

  it('suspends waiting tasks of a suspended dataset but not its idle tasks and their jobs', async () => {
    const { id, made } = await submit(2, { status: 'suspended' });
    const [one, two] = made;
    const waiting = one?.first ?? '';
    expect((await system().post('/task_actions/waiting', { task_ids: [waiting] })).json).toEqual({ waiting: 1 });
    await eventually(task(waiting), 'suspended');
    await eventually(job(one?.jobId ?? ''), 'suspended');
    expect(await task(two?.first ?? '')()).toBe('idle');
    expect(await job(two?.jobId ?? '')()).toBe('processing');
    await system().put(`/datasets/${id}/status`, { status: 'processing' });
    await eventually(task(two?.first ?? ''), 'waiting');
  });

  it('suspends the tasks of a suspended job', async () => {
    const { id, made } = await submit(2);
    const [one, two] = made;
    await eventually(task(two?.first ?? ''), 'waiting');
    await system().put(`/datasets/${id}/jobs/${one?.jobId ?? ''}/status`, { status: 'suspended' });
    await eventually(task(one?.first ?? ''), 'suspended');
    await eventually(task(one?.second ?? ''), 'suspended');
    expect(await task(two?.first ?? '')()).toBe('waiting');
  });

  it('completes a truncated dataset when its existing jobs are complete', async () => {
    const id = await newDataset(system(), { jobs_submitted: 3, tasks_submitted: 3, tasks_per_job: 1 });
    // The jobs have other task counts than the config, so that automation creates no more.
    await system().put(`/config/${id}`, configOf('generate', 'filter'));
    const job_id = await newJob(system(), id);
    await newTask(system(), id, { job_id, status: 'complete' });
    await eventually(job(job_id), 'complete');
    expect(await dataset(id)()).toBe('processing');
    await system().post(`/datasets/${id}/dataset_actions/truncate`);
    await eventually(dataset(id), 'complete');
    expect(await documentOf(`/datasets/${id}/job_counts/status`)).toEqual({ complete: 1 });
  });

  it('ignores tasks whose dataset was never submitted', async () => {
    const nowhere = unsubmitted();
    const idle = await newTask(system(), nowhere);
    const { made } = await submit(1);
    await eventually(task(made[0]?.first ?? ''), 'waiting');
    expect(await task(idle)()).toBe('idle');
  });

  it('suspends a dataset without a config and ignores jobs without tasks', async () => {
    await eventually(dataset(bare.id), 'suspended');
    expect(await job(bare.job)()).toBe('processing');
    expect(await dataset(bare.active)()).toBe('processing');
  });

  it('resumes a dataset suspended for its missing config when the config arrives, unless a person suspended it', async () => {
    const reason = async (id: string): Promise<unknown> =>
      (await documentOf(`/cairn/explain/workloads/${id}`))['reason'];
    for (const id of [bare.late, bare.stopped]) await eventually(dataset(id), 'suspended');
    expect(await reason(bare.late)).toMatch(
      /^It was suspended by cairn-automation, because no config arrived in time\. /,
    );
    expect(await reason(bare.stopped)).toMatch(/^It was suspended by .+\. It stays so until somebody /);
    // A person may also confirm a suspension made by automation.
    await system().put(`/datasets/${bare.id}/status`, { status: 'suspended' });
    for (const id of [bare.stopped, bare.id, bare.late]) await system().put(`/config/${id}`, configOf('generate'));
    await eventually(async () => documentOf(`/datasets/${bare.late}/task_counts/status`), { waiting: 1 });
    expect(await dataset(bare.late)()).toBe('processing');
    expect(await reason(bare.late)).toBe('It is processing, because its config arrived.');
    for (const id of [bare.stopped, bare.id]) expect(await dataset(id)()).toBe('suspended');
    await system().post(`/datasets/${bare.late}/task_actions/bulk_suspend`);
  });

  it('continues after a restart', async () => {
    const { id, made } = await submit(1);
    const [only] = made;
    await eventually(task(only?.first ?? ''), 'waiting');
    await cluster().cairn.restart({ only: [mode.processOf('tasks')], signal: 'SIGKILL' });
    await finish(only?.first ?? '', 'complete');
    await eventually(task(only?.second ?? ''), 'waiting');
    await finish(only?.second ?? '', 'complete');
    await eventually(dataset(id), 'complete');
  });
});
