import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type HttpClient, jsonAnswer } from '../../../harness/http-client.js';
import { done, ok } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../fixtures.js';

type ById = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const addTasks = async (client: HttpClient, datasetId: string, count: number): Promise<void> => {
  const body = JSON.stringify({ count, tasks: [{ name: 'generate', requirements: { memory: 1 } }] });
  const answer = jsonAnswer(await client.send('POST', `/cairn/iceprod/datasets/${datasetId}/tasks`, { body }));
  expect(answer).toEqual({ status: 201, reason: 'Created', json: { jobs: count, tasks: count } });
};

/** Large answers and bulk routes (issue 2, section 3). */
export const volume = (cluster: GetTestCluster, units: number): void => {
  describe(`${units.toLocaleString('en')} units`, () => {
    it('can be added, listed, changed and counted with one request each', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = (what: string): string => `/datasets/${datasetId}/${what}`;
      await addTasks(system, datasetId, units);
      expect(await alice.get(path('task_counts/status'))).toEqual(ok({ idle: units }));
      expect(await alice.get(path('job_counts/status'))).toEqual(ok({ processing: units }));

      const tasks = (await alice.get(path('tasks?keys=job_id|job_index'))).json as ById;
      const taskIds = Object.keys(tasks);
      expect(taskIds).toHaveLength(units);
      expect(Object.values(tasks).every((task, index) => task['job_index'] === index)).toBe(true);
      const jobs = (await alice.get(path('jobs?keys=job_index'))).json as ById;
      const jobIds = Object.keys(jobs);
      expect(jobIds).toEqual(Object.values(tasks).map((task) => task['job_id']));
      expect((await alice.get(path('task_summaries/status'))).json).toEqual({ idle: taskIds });
      expect((await alice.get(path('job_summaries/status'))).json).toEqual({ processing: jobIds });

      expect(await alice.post(path('task_actions/bulk_status/waiting'), { tasks: taskIds })).toEqual(done);
      expect(await alice.get(path('task_counts/status'))).toEqual(ok({ waiting: units }));
      const everyOther = jobIds.filter((_, index) => index % 2 === 0);
      expect(await alice.post(path('job_actions/bulk_status/suspended'), { jobs: everyOther })).toEqual(done);
      expect(await alice.get(path('job_counts/status'))).toEqual(ok({ processing: units / 2, suspended: units / 2 }));
      expect(await alice.post(path('task_actions/bulk_suspend'), { jobs: everyOther })).toEqual(done);
      expect(await alice.get(path('task_counts/status'))).toEqual(ok({ waiting: units / 2, suspended: units / 2 }));
      expect(await alice.post(path('job_actions/bulk_reset'))).toEqual(done);
      expect(await alice.get(path('job_counts/status'))).toEqual(ok({ processing: units }));
      expect(await alice.patch(path('task_actions/bulk_requirements/generate'), { memory: 2 })).toEqual(done);
      const last = String(taskIds.at(-1));
      expect((await system.get(`/tasks/${last}`)).json).toMatchObject({
        requirements: { memory: 2 },
        status: 'waiting',
      });
      expect(await alice.post(path('task_actions/bulk_hard_reset'))).toEqual(done);
      expect(await alice.get(path('task_counts/name_status'))).toEqual(ok({ generate: { idle: units } }));
    });
  });

  describe('many concurrent clients', () => {
    it('read their own writes', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      await addTasks(system, datasetId, 64);
      const tasks = Object.keys((await alice.get(`/datasets/${datasetId}/tasks?keys=task_id`)).json as object);
      await Promise.all(
        tasks.map(async (id) => {
          for (const status of ['waiting', 'queued', 'processing', 'complete']) {
            expect(await system.put(`/tasks/${id}/status`, { status })).toEqual(done);
            expect((await system.get(`/tasks/${id}`)).json).toMatchObject({ status });
            const listed = (await alice.get(`/datasets/${datasetId}/tasks?status=${status}&keys=status`)).json as ById;
            expect(listed[id]).toEqual({ task_id: id, status });
          }
        }),
      );
      expect(await alice.get(`/datasets/${datasetId}/task_counts/status`)).toEqual(ok({ complete: 64 }));
    });
  });

  describe('after a restart', () => {
    /** A dataset with everything that clients can store, and the answers of all its routes. */
    const prepare = async (): Promise<(client: HttpClient) => Promise<readonly string[]>> => {
      const { system, alice, pilot } = cluster();
      const datasetId = await newDataset(alice);
      const other = await newDataset(alice);
      await addTasks(system, datasetId, 10);
      const job = await newJob(system, other, { job_index: 3 });
      const task = await newTask(system, other, { name: 'guest', depends: ['x'], requirements: { gpu: 1 } });
      await system.patch(`/jobs/${job}`, `{"dataset_id":"${datasetId}","note":1.0,"status":"melted"}`);
      await system.patch(`/tasks/${task}`, `{"dataset_id":"${datasetId}","note":1.0}`);
      await alice.put(`/config/${datasetId}`, '{"version":3,"tasks":[{"n":1.0}]}');
      await alice.post(`/datasets/${datasetId}/job_actions/bulk_suspend`);
      await system.put(`/auths/${datasetId}`, { read_groups: ['users'], write_groups: [] });
      await pilot.post(`/tasks/${task}/task_stats`, `{"dataset_id":"${datasetId}","n":1.0}`);
      await pilot.post(`/tasks/${task}/task_stats`, { dataset_id: datasetId, log: 'x'.repeat(200_000) });
      const query_params = { dataset_id: datasetId };
      await alice.post(`/datasets/${datasetId}/task_actions/bulk_reset`);
      const ids = Object.keys((await alice.get(`/datasets/${datasetId}/tasks?keys=task_id`)).json as object);
      await system.post('/task_actions/waiting', { task_ids: ids });
      const claimed = await system.post('/task_actions/queue_many', { num: 3, query_params });
      for (const { task_id: id, instance_id } of claimed.json as readonly Readonly<Record<string, string>>[]) {
        await system.post(`/tasks/${String(id)}/task_actions/failed`, {
          instance_id,
          time_used: 90,
          resources: { memory: 3 },
        });
      }
      const paths = [
        ...[
          '',
          '/config',
          '/tasks',
          '/jobs',
          '/task_counts/status',
          '/task_counts/name_status',
          '/task_summaries/status',
        ],
        ...[
          '/job_summaries/status',
          '/job_counts/status',
          '/task_stats',
          '/bulk/task_stats',
          `/tasks/${task}/task_stats`,
        ],
      ].map((path) => `/datasets/${datasetId}${path}`);
      const global = [
        '/dataset_summaries/status',
        '/task_counts/status',
        '/users',
        `/auths/${datasetId}`,
        `/jobs/${job}`,
      ];
      return (client) =>
        Promise.all(
          [...paths, ...global, `/cairn/history/units/${task}`].map(async (path) => {
            const { status, text } = await client.send('GET', path);
            expect([path, status]).toEqual([path, 200]);
            return text;
          }),
        );
    };

    it('all answers are unchanged', async () => {
      const { admin, cairn } = cluster();
      const texts = await prepare();
      const before = await texts(admin);
      await cairn.restart();
      expect(await texts(admin)).toEqual(before);
    });

    it('all answers are unchanged even when the read models were deleted', async () => {
      const { admin, cairn } = cluster();
      const texts = await prepare();
      const before = await texts(admin);
      await cairn.restart({
        signal: 'SIGKILL',
        meanwhile: () => rm(join(cairn.dataDir, 'read-models'), { recursive: true }),
      });
      expect(await texts(admin)).toEqual(before);
    });
  });
};
