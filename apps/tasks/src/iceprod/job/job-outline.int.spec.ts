import type { Caller } from '#bus/contract.js';
import { AddJob, AmendJob, GetNextJobIndex, type JobOutline, OutlineJobs } from '#contracts/iceprod/jobs.js';
import { AddTask, AddTasks } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

describe('the outline of the jobs of a dataset', () => {
  let host: ServiceHost;

  beforeAll(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterAll(() => host.end());

  const task = (name: string) => ({ name, depends: [], requirements: '{}' });
  const add = (datasetId: string, firstIndex: number, count: number) =>
    host.request(
      AddTasks,
      { dataset_id: datasetId, first_job_index: firstIndex, count, tasks: [task('a'), task('b')] },
      SYSTEM,
    );
  const addJob = async (datasetId: string, index: number): Promise<string> =>
    (await host.request(AddJob, { dataset_id: datasetId, job_index: index }, SYSTEM)).job_id;
  const next = async (datasetId: string): Promise<number> =>
    (await host.request(GetNextJobIndex, { dataset_id: datasetId }, SYSTEM)).next_index;

  const outlined = async (
    datasetId: string,
    range: { from?: number; to?: number } = {},
  ): Promise<readonly JobOutline[][]> => {
    const pages: JobOutline[][] = [];
    let cursor: string | undefined;
    do {
      const request = { dataset_id: datasetId, ...range, ...(cursor !== undefined && { cursor }) };
      const page = await host.request(OutlineJobs, request, SYSTEM);
      pages.push(page.entries.map((entry) => JSON.parse(entry) as JobOutline));
      cursor = page.next;
    } while (cursor !== undefined);
    return pages;
  };
  const places = (pages: readonly JobOutline[][]) => pages.flat().map(({ job_index: at, tasks }) => [at, tasks]);

  it('goes down from the highest index and counts the tasks of each job', async () => {
    expect(await next('d')).toBe(0);
    expect(await outlined('d')).toEqual([[]]);
    await add('d', 0, 2);
    const lacking = await addJob('d', 2);
    await add('d', 3, 1);
    expect(await next('d')).toBe(4);
    expect(places(await outlined('d'))).toEqual([
      [3, 2],
      [2, 0],
      [1, 2],
      [0, 2],
    ]);
    expect(places(await outlined('d', { from: 1, to: 2 }))).toEqual([
      [2, 0],
      [1, 2],
    ]);
    const more = { dataset_id: 'd', job_id: lacking, job_index: 2, task_index: 0, name: 'a' };
    await host.request(AddTask, { ...more, depends: [], requirements: '{}' }, SYSTEM);
    expect(places(await outlined('d', { from: 2, to: 2 }))).toEqual([[2, 1]]);
  });

  it('comes in pages, even where many jobs have the same index', async () => {
    await add('many', 0, 1200);
    for (let twin = 0; twin < 3; twin += 1) await addJob('many', 700);
    const pages = await outlined('many');
    expect(pages.map((page) => page.length)).toEqual([500, 500, 203]);
    expect(new Set(pages.flat().map(({ job_id: id }) => id)).size).toBe(1203);
    for (let twin = 0; twin < 501; twin += 1) await addJob('same', 7);
    const twins = await outlined('same', { from: 7, to: 7 });
    expect(new Set(twins.flat().map(({ job_id: id }) => id)).size).toBe(501);
  });

  it('follows changes by clients', async () => {
    await add('moved', 0, 3);
    const last = (await outlined('moved')).flat()[0];
    const amend = (fields: object) =>
      host.request(AmendJob, { job_id: last?.job_id ?? '', fields: JSON.stringify(fields) }, SYSTEM);
    await amend({ job_index: 9 });
    expect(await next('moved')).toBe(10);
    await amend({ job_index: 'none' });
    expect(await next('moved')).toBe(2);
    await amend({ job_index: 5, dataset_id: 'elsewhere' });
    expect(await next('moved')).toBe(2);
    expect(await next('elsewhere')).toBe(6);
    // The tasks have not moved along.
    expect(places(await outlined('elsewhere'))).toEqual([[5, 0]]);
  });
});
