import type { Caller } from '#bus/contract.js';
import { AddJob, AmendJob, CountJobs, ListJobs } from '#contracts/iceprod/jobs.js';
import { AddTasks, CountTasks } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const TASKS = ['generate', 'filter'].map((name) => ({ name, depends: [], requirements: '{}' }));
const NOT_MISSING = { kind: 'state', code: 'job.not-missing' };

describe('jobs that are only added if they are missing', () => {
  const host = new ServiceHost(TasksModule);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  const byHand = async (dataset_id: string, job_index: number): Promise<string> =>
    (await host.request(AddJob, { dataset_id, job_index }, SYSTEM)).job_id;
  const whole = (dataset_id: string, first_job_index: number, jobs_max: number) =>
    host.request(AddTasks, { dataset_id, first_job_index, count: 1, jobs_max, tasks: TASKS }, SYSTEM);
  const bare = (dataset_id: string, job_index: number, jobs_max: number) =>
    host.request(AddJob, { dataset_id, job_index, jobs_max }, SYSTEM);
  const indexes = async (dataset_id: string): Promise<readonly number[]> => {
    const { entries } = await host.request(ListJobs, { dataset_id }, SYSTEM);
    const jobs = Object.values(JSON.parse(`{${entries.join(',')}}`) as Record<string, { job_index: number }>);
    return jobs.map(({ job_index: index }) => index).sort((a, b) => a - b);
  };

  it('are not added twice, nor beyond the number of the dataset', async () => {
    await byHand('d', 1);
    await expect(whole('d', 1, 3)).rejects.toMatchObject(NOT_MISSING);
    await expect(bare('d', 1, 3)).rejects.toMatchObject(NOT_MISSING);
    expect(await whole('d', 0, 3)).toEqual({ jobs: 1, tasks: 2 });
    // Without `jobs_max` every job is added, even a second one of an index.
    const second = await byHand('d', 1);
    await expect(whole('d', 2, 3)).rejects.toMatchObject(NOT_MISSING);
    expect(await indexes('d')).toEqual([0, 1, 1]);
    // Jobs of unknown statuses count as well.
    await host.request(AmendJob, { job_id: second, fields: '{"status":"odd"}' }, SYSTEM);
    await expect(bare('d', 2, 3)).rejects.toMatchObject(NOT_MISSING);
    await host.request(AmendJob, { job_id: second, fields: '{"dataset_id":"elsewhere"}' }, SYSTEM);
    expect(await bare('d', 2, 3)).toMatchObject({ job_id: expect.any(String) as string });
    await expect(whole('elsewhere', 1, 9)).rejects.toMatchObject(NOT_MISSING);
    expect((await host.request(CountTasks, { dataset_id: 'd' }, SYSTEM)).document).toBe('{"idle":2}');
  });

  it('are added once when many callers add them at the same time', async () => {
    const all = Array.from({ length: 50 }, (_, index) => index);
    const attempts = [...all, ...all.toReversed(), ...all].map((index, attempt) =>
      attempt % 2 === 0 ? whole('race', index, 40) : bare('race', index, 40),
    );
    await Promise.allSettled(attempts);
    const made = await indexes('race');
    expect(made).toHaveLength(40);
    expect(new Set(made).size).toBe(40);
    expect((await host.request(CountJobs, { dataset_id: 'race' }, SYSTEM)).document).toBe('{"processing":40}');
  });
});
