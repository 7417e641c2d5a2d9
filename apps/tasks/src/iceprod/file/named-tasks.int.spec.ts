import type { Caller } from '#bus/contract.js';
import { AddJob } from '#contracts/iceprod/jobs.js';
import { AddTask, AddTasks, AmendTask } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { JobProjection } from '../job/job-projection.js';
import { TasksModule } from '../../tasks.module.js';
import { NamedTasks } from './file-rows.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

/** More tasks than a search reads in one step. */
const JOBS = 12_000;

describe('tasks found by job index and name', () => {
  const host = new ServiceHost(TasksModule);
  let named: NamedTasks;

  beforeAll(async () => {
    await host.start();
    const tasks = ['a', 'b', 'c'].map((name) => ({ name, depends: [], requirements: '{}' }));
    await host.request(AddTasks, { dataset_id: 'large', first_job_index: 0, count: JOBS, tasks }, SYSTEM);
    named = new NamedTasks(host.part(UnitProjection).store.reader, host.part(JobProjection).jobs);
  });
  afterAll(() => host.end());

  const add = async (fields: object = {}): Promise<string> => {
    const task = { job_id: 'unknown', task_index: 0, job_index: 7, name: 'n', depends: [], requirements: '{}' };
    return (await host.request(AddTask, { dataset_id: 'd', ...task, ...fields }, SYSTEM)).task_id;
  };

  const find = (datasetId: string, index: number, name: string): string | undefined => {
    const search = named.find(datasetId, index, name);
    let step = search.next();
    while (step.done !== true) step = search.next();
    return step.value;
  };

  it('are found in one step by their job, even among many', async () => {
    const { job_id } = await host.request(AddJob, { dataset_id: 'large', job_index: JOBS + 1 }, SYSTEM);
    const id = await add({ dataset_id: 'large', job_index: JOBS + 1, name: 'last', job_id });
    expect(named.find('large', JOBS + 1, 'last').next()).toEqual({ done: true, value: id });
    expect(named.find('large', JOBS - 1, 'c').next()).toEqual({ done: true, value: expect.any(String) as string });
    // Without a job the search takes several steps.
    const jobless = await add({ dataset_id: 'large', job_index: JOBS + 2, name: 'last' });
    expect(named.find('large', JOBS + 2, 'last').next()).toEqual({ done: false, value: undefined });
    expect(find('large', JOBS + 2, 'last')).toBe(jobless);
    expect(find('large', JOBS - 1, 'nobody')).toBeUndefined();
    expect(find('large', JOBS - 1, 'last')).toBeUndefined();
  });

  it('are found by their current dataset, job index and name', async () => {
    const id = await add();
    expect(find('d', 7, 'n')).toBe(id);
    await host.request(AmendTask, { task_id: id, fields: '{"dataset_id":"e","job_index":8,"name":"m"}' }, SYSTEM);
    expect([find('d', 7, 'n'), find('d', 8, 'm'), find('e', 7, 'n'), find('e', 8, 'm')]).toEqual([
      ...[undefined, undefined, undefined],
      id,
    ]);
  });

  it('are found when several jobs have the same index', async () => {
    const job = () => host.request(AddJob, { dataset_id: 'f', job_index: 0 }, SYSTEM);
    const [{ job_id: one }, { job_id: other }] = [await job(), await job()];
    const id = await add({ dataset_id: 'f', job_index: 0, job_id: other });
    expect(find('f', 0, 'n')).toBe(id);
    // A task with another index in such a job does not match.
    await add({ dataset_id: 'f', job_index: 1, job_id: one, name: 'x' });
    expect([find('f', 0, 'x'), find('unknown', 0, 'x')]).toEqual([undefined, undefined]);
  });
});
