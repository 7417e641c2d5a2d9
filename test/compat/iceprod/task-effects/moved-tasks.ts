import { readTask } from '../documents.js';
import { type HttpClient } from '../../../harness/http-client.js';
import { created, done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask } from '../fixtures.js';

const statusOf = async (client: HttpClient, id: string): Promise<unknown> => (await readTask(client, id))['status'];

const eventsOf = async (client: HttpClient, id: string): Promise<readonly string[]> => {
  const { json } = await client.get(`/cairn/history/units/${id}`);
  return (json as { events: readonly { event: string }[] }).events.map(({ event }) => event);
};

/** A PATCH of `dataset_id` moves a task to the lists of another dataset; its home stream, and so its history, stays. */
export const movedTasks = (cluster: GetTestCluster): void => {
  describe('a task moved to another dataset', () => {
    it('is listed, counted and found only there', async () => {
      const { alice, system } = cluster();
      const [from, to] = [await newDataset(alice), await newDataset(alice)];
      const id = await newTask(system, from, { name: 'moved' });
      expect((await system.patch(`/tasks/${id}`, { dataset_id: to })).json).toMatchObject({ dataset_id: to });
      for (const [datasetId, isThere] of [
        [from, false],
        [to, true],
      ] as const) {
        const path = (what: string): string => `/datasets/${datasetId}/${what}`;
        const some = (shown: object): object => ok(isThere ? shown : {});
        expect(await alice.get(path('tasks?keys=name'))).toEqual(some({ [id]: { task_id: id, name: 'moved' } }));
        expect(await alice.get(path('task_counts/status'))).toEqual(some({ idle: 1 }));
        expect(await alice.get(path('task_counts/name_status'))).toEqual(some({ moved: { idle: 1 } }));
        expect(await alice.get(path('task_summaries/status'))).toEqual(some({ idle: [id] }));
        expect((await alice.get(path(`tasks/${id}`))).status).toBe(isThere ? 200 : 404);
      }
    });

    it('follows the routes of its new dataset and keeps its history', async () => {
      const { alice, system } = cluster();
      const [from, to] = [await newDataset(alice), await newDataset(alice)];
      const id = await newTask(system, from, { name: 'moved', job_id: 'j' });
      await system.patch(`/tasks/${id}`, { dataset_id: to });
      const path = (datasetId: string, what: string): string => `/datasets/${datasetId}/${what}`;
      expect(await alice.put(path(from, `tasks/${id}/status`), { status: 'waiting' })).toEqual(
        refused(404, 'Task not found'),
      );
      for (const body of [{}, { jobs: ['j'] }, { tasks: [id] }]) {
        expect(await alice.post(path(from, 'task_actions/bulk_suspend'), body)).toEqual(done);
      }
      for (const [method, what, body] of [
        ['post', 'task_actions/bulk_status/complete', { tasks: [id] }],
        ['patch', 'task_actions/bulk_requirements/moved', { cpu: 2 }],
      ] as const) {
        expect(await alice[method](path(from, what), body)).toEqual(refused(404, 'Tasks not found'));
      }
      expect(await statusOf(system, id)).toBe('idle');

      expect(await alice.put(path(to, `tasks/${id}/status`), { status: 'waiting' })).toEqual(done);
      const query_params = { dataset_id: to };
      expect((await system.post('/task_actions/queue', { query_params })).json).toMatchObject({ task_id: id });
      expect(await alice.post(path(to, 'task_actions/bulk_suspend'), { jobs: ['j'] })).toEqual(done);
      expect(await statusOf(system, id)).toBe('suspended');
      expect(await alice.patch(path(to, 'task_actions/bulk_requirements/moved'), { cpu: 2 })).toEqual(done);
      const file = { filename: 'f', movement: 'input', job_index: 0, task_name: 'moved' };
      expect(await alice.post(path(to, 'files'), file)).toEqual(created({ result: id }));
      expect(await alice.post(path(from, 'files'), file)).toEqual(refused(400, 'task referred to not found'));
      expect(await eventsOf(alice, id)).toEqual([
        ...['UnitAdded', 'UnitAmended', 'UnitsMoved', 'UnitsClaimed', 'UnitsMoved', 'TaskRequirementsSet'],
      ]);
    });

    it('can be read by those who may read its new dataset', async () => {
      const { alice, bob, system } = cluster();
      const [open, closed] = [await newDataset(alice), await newDataset(alice, { auth_groups_read: [] })];
      const id = await newTask(system, open);
      expect((await bob.get(`/cairn/history/units/${id}`)).status).toBe(200);
      await system.patch(`/tasks/${id}`, { dataset_id: closed });
      expect((await bob.get(`/datasets/${closed}/tasks/${id}`)).status).toBe(403);
      expect((await bob.get(`/cairn/history/units/${id}`)).status).toBe(403);
      expect((await alice.get(`/datasets/${closed}/tasks/${id}`)).status).toBe(200);
    });
  });
};
