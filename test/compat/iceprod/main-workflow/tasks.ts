import { readTask, taskDocument, without } from '../documents.js';
import { type JsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { oneOfEach, TASK_MOVES, TASK_STATUSES } from '../task-statuses.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newJob, newTask, TASK, unsubmitted } from '../fixtures.js';

/** IceProd contract 7.1 to 7.4. */
export const tasks = (cluster: GetTestCluster): void => {
  describe('tasks', () => {
    it('can be added and read', async () => {
      const { system, pilot, alice } = cluster();
      const datasetId = await newDataset(alice);
      const body = `{"dataset_id":"${datasetId}","job_id":"j","task_index":1,"job_index":17,"name":"detector/é","depends":["t0"],"requirements":{"memory":4.0,"gpu":1,"os":["a"]}}`;
      const answer = await system.post('/tasks', body);
      expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
      const { result: id } = answer.json as { result: string };
      const text = (await pilot.send('GET', `/tasks/${id}`)).text;
      expect(JSON.parse(text)).toEqual(
        taskDocument({
          ...{ task_id: id, dataset_id: datasetId, job_id: 'j', task_index: 1, job_index: 17, name: 'detector/é' },
          ...{ depends: ['t0'], requirements: { memory: 4, gpu: 1, os: ['a'] } },
        }),
      );
      expect(text).toContain('"requirements":{"memory":4.0,"gpu":1,"os":["a"]}');
      expect((await alice.send('GET', `/datasets/${datasetId}/tasks/${id}?status=None`)).text).toBe(text);
      expect(await alice.get(`/datasets/${datasetId}/tasks/${id}?keys=name|requirements.gpu`)).toEqual(
        ok({ task_id: id, name: 'detector/é', requirements: { gpu: 1 } }),
      );
      expect(await system.get(`/datasets/${unsubmitted()}/tasks/${id}`)).toEqual(refused(404, 'Task not found'));
      expect(await system.get('/tasks/nope')).toEqual(refused(404, 'Task not found'));
    });

    it.each(['dataset_id', 'job_id', 'task_index', 'job_index', 'name', 'depends', 'requirements'])(
      'require %s',
      async (key) => {
        const body = without({ dataset_id: 'd', ...TASK }, key);
        expect(await cluster().system.post('/tasks', body)).toEqual(refused(400, `missing key: ${key}`));
      },
    );

    it.each([
      [{ name: 7 }, 'key "name" should be of type str'],
      [{ task_index: 0.5 }, 'key "task_index" should be of type int'],
      [{ nope: 1 }, 'invalid keys found'],
      [{ status: 'melted' }, 'invalid status'],
    ])('are refused: %j', async (fields, reason) => {
      expect(await cluster().system.post('/tasks', { dataset_id: 'd', ...TASK, ...fields })).toEqual(
        refused(400, reason),
      );
    });

    it.each([{ depends: 'x' }, { depends: [7] }, { requirements: [] }, { priority: 'x' }, { instance_id: 7 }])(
      'are refused with a reason: %j',
      async (fields) => {
        const answer = await cluster().system.post('/tasks', { dataset_id: 'd', ...TASK, ...fields });
        expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
      },
    );

    it('accept any field in PATCH', async () => {
      const { system, pilot } = cluster();
      const datasetId = unsubmitted();
      const id = await newTask(system, datasetId);
      const patch = '{"requirements.gpu":1.0,"walltime":2.50,"note":12345678901234567890,"status":"failed"}';
      const answer = await pilot.send('PATCH', `/tasks/${id}`, { body: patch });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('"requirements":{"gpu":1.0}');
      expect(answer.text).toContain('"note":12345678901234567890');
      expect(JSON.parse(answer.text)).toMatchObject({ status: 'failed', walltime: 2.5 });
      expect((await system.send('GET', `/tasks/${id}`)).text).toBe(answer.text);
      expect(await system.get(`/datasets/${datasetId}/task_counts/status?gpu=true`)).toEqual(ok({ failed: 1 }));
      expect(await system.patch(`/tasks/${id}`, {})).toEqual(refused(400, 'Missing update data'));
      expect(await system.patch('/tasks/nope', { a: 1 })).toEqual(refused(404, 'Task not found'));
    });
  });

  describe('the status of a task', () => {
    it.each(TASK_STATUSES)('allows only the legal transitions from %s', async (from) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      for (const to of TASK_STATUSES) {
        const moves = TASK_MOVES[from].includes(to);
        const expected = moves || from === to ? done : refused(400, 'Bad state transition for status');
        const first = await newTask(system, datasetId, { status: from, instance_id: 'i' });
        expect([to, await system.put(`/tasks/${first}/status`, { status: to })]).toEqual([to, expected]);
        expect(await readTask(system, first)).toMatchObject({ status: moves ? to : from, instance_id: 'i' });
        const second = await newTask(system, datasetId, { status: from, instance_id: 'i' });
        const path = `/datasets/${datasetId}/tasks/${second}/status`;
        expect([to, await alice.put(path, { status: to })]).toEqual([to, expected]);
        expect(await readTask(system, second)).toMatchObject({
          status: moves ? to : from,
          instance_id: moves ? '' : 'i',
        });
      }
    });

    it('can be guarded by the instance id', async () => {
      const { system, pilot } = cluster();
      const id = await newTask(system, unsubmitted(), { status: 'queued', instance_id: 'i' });
      const set = (body: object): Promise<JsonAnswer> => pilot.put(`/tasks/${id}/status`, body);
      expect(await set({ status: 'processing', instance_id: 'other' })).toEqual(
        refused(400, 'Bad state transition for status'),
      );
      expect(await set({ status: 'queued', instance_id: 'other' })).toEqual(done);
      expect(await set({ status: 'processing', instance_id: 'i' })).toEqual(done);
      expect(await readTask(system, id)).toMatchObject({ status: 'processing', instance_id: 'i' });
    });

    it('is refused with the reason', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const elsewhere = await newTask(system, unsubmitted());
      for (const [client, path] of [
        [system, '/tasks/nope/status'],
        [alice, `/datasets/${datasetId}/tasks/${elsewhere}/status`],
      ] as const) {
        expect(await client.put(path, {})).toEqual(refused(400, 'Missing status in body'));
        expect(await client.put(path, { status: 'melted' })).toEqual(refused(400, 'Bad status'));
        expect(await client.put(path, { status: 'waiting' })).toEqual(refused(404, 'Task not found'));
      }
    });

    it('can be set to reset, which means idle', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const ids = await oneOfEach(system, datasetId);
      expect(await system.put(`/tasks/${String(ids['failed'])}/status`, { status: 'reset' })).toEqual(done);
      expect(await readTask(system, String(ids['failed']))).toMatchObject({
        status: 'idle',
        failures: 2,
        instance_id: '',
      });
      expect(
        await alice.put(`/datasets/${datasetId}/tasks/${String(ids['suspended'])}/status`, { status: 'reset' }),
      ).toEqual(done);
      expect(await readTask(system, String(ids['suspended']))).toMatchObject({ status: 'idle', failures: 0 });
      expect(await system.put(`/tasks/${String(ids['complete'])}/status`, { status: 'reset' })).toEqual(
        refused(400, 'Bad state transition for status'),
      );
    });
  });

  describe('jobs and their tasks', () => {
    it("do not change each other's status", async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const jobId = await newJob(system, datasetId);
      const id = await newTask(system, datasetId, { job_id: jobId, status: 'processing' });
      expect(await alice.post(`/datasets/${datasetId}/job_actions/bulk_suspend`)).toEqual(done);
      expect(await readTask(system, id)).toMatchObject({ status: 'processing' });
      expect(await alice.post(`/datasets/${datasetId}/task_actions/bulk_hard_reset`, { jobs: [jobId] })).toEqual(done);
      expect((await system.get(`/jobs/${jobId}`)).json).toMatchObject({ status: 'suspended' });
    });
  });
};
