import { type HttpClient, jsonAnswer } from '../../../harness/http-client.js';
import { done, ok } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset } from '../fixtures.js';

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
};
