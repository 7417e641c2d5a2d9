import { readTask } from '../documents.js';
import { type JsonAnswer } from '../../../harness/http-client.js';
import { done, isRefusal, ok, refused } from '../answers.js';
import { oneOfEach, TASK_STATUSES } from '../task-statuses.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask, unsubmitted } from '../fixtures.js';

/** IceProd contract 7.7. */
export const bulkTasks = (cluster: GetTestCluster): void => {
  describe('bulk changes of tasks', () => {
    const everything = { failures: 2, site: 'UW', walltime: 1.5 };

    it.each(TASK_STATUSES)('force tasks to %s from any status', async (to) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      for (const [client, path] of [
        [system, `/task_actions/bulk_status/${to}`],
        [alice, `/datasets/${datasetId}/task_actions/bulk_status/${to}`],
      ] as const) {
        const ids = Object.values(await oneOfEach(system, datasetId));
        expect(await client.post(path, { tasks: [...ids, 'nope'] })).toEqual(done);
        for (const id of ids) {
          expect(await readTask(system, id)).toMatchObject({ status: to, instance_id: '', ...everything });
        }
      }
      expect(await alice.get(`/datasets/${datasetId}/task_counts/status`)).toEqual(ok({ [to]: 14 }));
    });

    it('force tasks to reset, which means idle without failures', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const ids = Object.values(await oneOfEach(system, datasetId));
      expect(await alice.post(`/datasets/${datasetId}/task_actions/bulk_status/reset`, { tasks: ids })).toEqual(done);
      for (const id of ids) {
        expect(await readTask(system, id)).toMatchObject({ status: 'idle', instance_id: '', failures: 0, site: 'UW' });
      }
    });

    it('change tasks of their dataset only', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const elsewhere = await newTask(system, unsubmitted());
      const path = `/datasets/${datasetId}/task_actions`;
      expect(await alice.post(`${path}/bulk_status/waiting`, { tasks: [elsewhere] })).toEqual(
        refused(404, 'Tasks not found'),
      );
      for (const action of ['bulk_suspend', 'bulk_hard_reset']) {
        expect(await alice.post(`${path}/${action}`, { tasks: [elsewhere] })).toEqual(done);
        expect(await alice.post(`${path}/${action}`)).toEqual(done);
      }
      expect(await readTask(system, elsewhere)).toMatchObject({ status: 'idle' });
    });

    it('are refused with the reason', async () => {
      const { system } = cluster();
      for (const path of ['/task_actions/bulk_status', `/datasets/${unsubmitted()}/task_actions/bulk_status`]) {
        expect(await system.post(`${path}/waiting`, {})).toEqual(refused(400, 'Missing tasks in body'));
        expect(await system.post(`${path}/waiting`, { tasks: [] })).toEqual(refused(400, 'Missing tasks in body'));
        expect(await system.post(`${path}/melted`, { tasks: ['x'] })).toEqual(refused(400, 'Bad status'));
        expect(await system.post(`${path}/waiting`, { tasks: ['nope'] })).toEqual(refused(404, 'Tasks not found'));
        expect((await system.post(`${path}/waiting`, { tasks: new Array(100_001).fill('x') })).status).toBe(400);
      }
    });

    const actions = [
      [
        'bulk_suspend',
        { idle: 'suspended', waiting: 'suspended', queued: 'suspended', processing: 'suspended' },
        { instance_id: '', ...everything },
      ],
      [
        'bulk_reset',
        { waiting: 'idle', queued: 'idle', processing: 'idle', suspended: 'idle', failed: 'idle' },
        { instance_id: '', ...everything },
      ],
      [
        'bulk_hard_reset',
        Object.fromEntries(TASK_STATUSES.map((word) => [word, 'idle'])),
        { instance_id: '', failures: 0, site: '', walltime: 1.5 },
      ],
    ] as const;

    it.each(actions)('%s changes tasks in legal statuses only', async (action, moves, after) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/${action}`;
      const chosen = await oneOfEach(system, datasetId, { job_id: 'j1' });
      const others = await oneOfEach(system, datasetId, { job_id: 'j2' });
      const check = async (ids: Readonly<Record<string, string>>, moved: boolean): Promise<void> => {
        for (const [from, id] of Object.entries(ids)) {
          const to = (moves as Readonly<Record<string, string>>)[from];
          expect(await readTask(system, id)).toMatchObject(
            moved && to !== undefined ? { status: to, ...after } : { status: from, instance_id: 'i', ...everything },
          );
        }
      };
      for (const body of [{ jobs: [] }, { tasks: [] }, { jobs: [], tasks: Object.values(chosen) }]) {
        expect(await alice.post(path, body)).toEqual(done);
      }
      await check(chosen, false);
      expect(await alice.post(path, { jobs: ['j1', 'nope'], tasks: Object.values(others) })).toEqual(done);
      await check(chosen, true);
      await check(others, false);
      expect(await alice.post(path, { tasks: [...Object.values(others), 'nope'] })).toEqual(done);
      await check(others, true);
      const whole = await newDataset(alice);
      const all = await oneOfEach(system, whole);
      expect(await alice.post(`/datasets/${whole}/task_actions/${action}`)).toEqual(done);
      await check(all, true);
      expect((await alice.post(path, { tasks: 'all' })).status).toBe(400);
      expect((await alice.post(path, { jobs: new Array(100_001).fill('x') })).status).toBe(400);
    });
  });

  describe('requirements of all tasks with one name', () => {
    it('can be set by PATCH', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/bulk_requirements/gen%2F1`;
      const a = await newTask(system, datasetId, { name: 'gen/1', requirements: { memory: 8, cpu: 2 } });
      const b = await newTask(system, datasetId, { name: 'gen/1', status: 'complete' });
      const c = await newTask(system, datasetId, { name: 'other' });
      const body = '{"memory":6.0,"os":["RHEL_9"],"site":"UW"}';
      expect(await alice.patch(path, body)).toEqual(done);
      expect(await alice.patch(path, body)).toEqual(done);
      expect((await readTask(system, a))['requirements']).toEqual({ memory: 6, cpu: 2, os: ['RHEL_9'], site: 'UW' });
      expect((await readTask(system, b))['requirements']).toEqual({ memory: 6, os: ['RHEL_9'], site: 'UW' });
      expect((await readTask(system, c))['requirements']).toEqual({});
      expect((await system.send('GET', `/tasks/${a}`)).text).toContain('"memory":6.0');
    });

    it('can be replaced by POST, which never lowers numbers', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/bulk_requirements/n`;
      const id = await newTask(system, datasetId, { name: 'n', requirements: { gpu: 4, os: ['a'], memory: 1 } });
      expect(await alice.post(path, { cpu: 1, memory: 2.5, os: [] })).toEqual(done);
      expect((await readTask(system, id))['requirements']).toEqual({ cpu: 1, memory: 2.5 });
      expect(await alice.post(path, { memory: 1, disk: 5, os: ['b'], site: 'x' })).toEqual(done);
      expect((await readTask(system, id))['requirements']).toEqual({ memory: 2.5, disk: 5, os: ['b'], site: 'x' });
    });

    it('are refused when they are invalid', async () => {
      const { system } = cluster();
      const path = `/datasets/${unsubmitted()}/task_actions/bulk_requirements/n`;
      for (const send of [
        (body: unknown): Promise<JsonAnswer> => system.patch(path, body),
        (body: unknown): Promise<JsonAnswer> => system.post(path, body),
      ]) {
        expect(await send({})).toEqual(refused(400, 'Missing body'));
        expect(await send({ color: 1 })).toEqual(refused(400, 'Invalid resource types'));
        for (const bad of [{ os: 'x' }, { cpu: 3.5 }, { gpu: 'x' }, { memory: 'x' }, { time: true }]) {
          const answer = await send(bad);
          expect({ bad, ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
        }
        expect(await send({ memory: 1 })).toEqual(refused(404, 'Tasks not found'));
      }
    });
  });
};
