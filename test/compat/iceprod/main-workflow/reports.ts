import { readTask } from '../documents.js';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../../../harness/http-client.js';
import { ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask, unsubmitted } from '../fixtures.js';

/** IceProd contract 7.6: reports on claimed tasks. */
export const reports = (cluster: GetTestCluster): void => {
  describe('reporting on a task', () => {
    const report = (client: HttpClient, id: string, action: string, body: unknown): Promise<JsonAnswer> =>
      client.post(`/tasks/${id}/task_actions/${action}`, body);

    it('leads from claim to completion and answers the document before the change', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const id = await newTask(system, datasetId, { status: 'queued', instance_id: 'i' });
      const queued = await readTask(system, id);
      expect(await report(system, id, 'processing', { instance_id: 'i', site: 'UW' })).toEqual(ok(queued));
      const processing = await readTask(system, id);
      expect(processing).toMatchObject({ status: 'processing', site: 'UW', instance_id: 'i' });
      expect(await report(system, id, 'complete', { instance_id: 'i', time_used: 5400, site: 'DESY' })).toEqual(
        ok(processing),
      );
      expect(await readTask(system, id)).toMatchObject({
        status: 'complete',
        walltime: 1.5,
        site: 'DESY',
        instance_id: '',
      });
      expect(await report(system, id, 'complete', { instance_id: 'i' })).toEqual(refused(404, 'Task not found'));
    });

    it('raises requirements and counts failures after an error', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const id = await newTask(system, datasetId, {
        status: 'processing',
        instance_id: 'i',
        requirements: { memory: 5.6, gpu: 1 },
      });
      const body = {
        instance_id: 'i',
        resources: { time: 2.5, memory: 3.5, disk: 20.3, gpu: 23 },
        site: 'UW',
        reason: 'killed',
      };
      expect((await report(system, id, 'reset', body)).status).toBe(200);
      expect(await readTask(system, id)).toMatchObject({
        status: 'waiting',
        instance_id: '',
        failures: 1,
        site: 'UW',
        walltime_err: 2.5,
        walltime_err_n: 1,
        requirements: { memory: 5.6, time: 3.75, disk: expect.closeTo(30.45, 9) as number, gpu: 1 },
      });
    });

    it('moves the task to failed with the time used in seconds', async () => {
      const { system } = cluster();
      const id = await newTask(system, unsubmitted(), { status: 'queued', instance_id: 'i' });
      expect(
        (await report(system, id, 'failed', { instance_id: 'i', time_used: 1800, resources: { time: 7 } })).status,
      ).toBe(200);
      expect(await readTask(system, id)).toMatchObject({
        status: 'failed',
        failures: 1,
        walltime_err: 0.5,
        walltime_err_n: 1,
      });
    });

    const table = [
      ['processing', ['queued']],
      ['reset', ['idle', 'queued', 'processing', 'suspended', 'failed']],
      ['failed', ['queued', 'processing']],
      ['complete', ['queued', 'processing']],
    ] as const;

    it.each(table)('%s is accepted from %j only', async (action, accepted) => {
      const { system } = cluster();
      const target = action === 'reset' ? 'waiting' : action;
      const datasetId = unsubmitted();
      for (const status of ['idle', 'waiting', 'queued', 'processing', 'suspended', 'failed', 'complete']) {
        const id = await newTask(system, datasetId, { status, instance_id: 'i' });
        const before = await readTask(system, id);
        const answer = await report(system, id, action, { instance_id: 'i' });
        if ((accepted as readonly string[]).includes(status)) {
          expect([status, answer]).toEqual([status, ok(before)]);
          expect(await readTask(system, id)).toMatchObject({ status: target });
        } else {
          expect([status, answer]).toEqual([
            status,
            status === target ? ok(before) : refused(400, 'Bad state transition for status'),
          ]);
          expect(await readTask(system, id)).toEqual(before);
        }
        const other = await newTask(system, datasetId, { status, instance_id: 'i' });
        expect(await report(system, other, action, { instance_id: 'wrong' })).toEqual(refused(404, 'Task not found'));
      }
    });

    it('requires the instance id of a task that has one', async () => {
      const { system, pilot } = cluster();
      const datasetId = unsubmitted();
      const claimed = await newTask(system, datasetId, { status: 'processing', instance_id: 'i' });
      for (const action of ['processing', 'reset', 'failed', 'complete']) {
        expect(await report(system, claimed, action, {})).toEqual(refused(400, 'Missing instance_id in body'));
        if (action !== 'processing') {
          expect(await report(pilot, 'nope', action, {})).toEqual(refused(404, 'Task not found'));
          expect(await report(pilot, 'nope', action, { instance_id: 'i' })).toEqual(refused(404, 'Task not found'));
        }
      }
      const legacy = await newTask(system, datasetId, { status: 'processing' });
      expect((await report(pilot, legacy, 'complete', { time_used: 3600 })).status).toBe(200);
      expect(await readTask(system, legacy)).toMatchObject({ status: 'complete', walltime: 1 });
    });

    it('by a legacy reset suspends tasks of debug datasets and fails tasks after ten failures', async () => {
      const { system, pilot, alice } = cluster();
      const debugged = await newTask(system, await newDataset(alice, { debug: true }), { status: 'processing' });
      expect((await report(pilot, debugged, 'reset', {})).status).toBe(200);
      expect(await readTask(system, debugged)).toMatchObject({ status: 'suspended', failures: 1 });
      const failing = await newTask(system, unsubmitted(), { status: 'processing' });
      await system.patch(`/tasks/${failing}`, { failures: 9 });
      expect((await report(pilot, failing, 'reset', {})).status).toBe(200);
      expect(await readTask(system, failing)).toMatchObject({ status: 'waiting', failures: 10 });
      await system.patch(`/tasks/${failing}`, { status: 'processing' });
      expect((await report(pilot, failing, 'reset', {})).status).toBe(200);
      expect(await readTask(system, failing)).toMatchObject({ status: 'failed', failures: 11 });
    });

    it('accepts NaN and Infinity written by Python in resources', async () => {
      const { system, alice } = cluster();
      const id = await newTask(system, await newDataset(alice), { status: 'processing', instance_id: 'i' });
      const body = '{"instance_id":"i","resources":{"memory":NaN,"disk":[-Infinity,Infinity],"NaN":"NaN","time":2.0}}';
      expect((await report(system, id, 'reset', body)).status).toBe(200);
      expect(await readTask(system, id)).toMatchObject({ walltime_err: 2, requirements: { time: 3 } });
      const { events } = (await alice.get(`/cairn/history/units/${id}`)).json as { events: readonly unknown[] };
      const resources = { memory: null, disk: [null, null], NaN: 'NaN', time: 2 };
      expect(events.at(-1)).toMatchObject({ data: { resources } });
    });

    it.each([
      ['POST', '/task_actions/queue', '{"requirements":{"memory":NaN}}', 'key "requirements" must not be NaN'],
      ['POST', '/tasks/t/task_actions/complete', '{"time_used":Infinity}', 'key "time_used" must not be Infinity'],
      ['PATCH', '/tasks/t', '{"priority":-Infinity}', 'key "priority" must not be -Infinity'],
      ['POST', '/tasks/t/task_stats', '{"dataset_id":NaN,"x":1}', 'key "dataset_id" must not be NaN'],
      ['POST', '/tasks/t/task_stats', '{"dataset_id":"d","x":NaN', 'body is not valid JSON'],
      ['POST', '/tasks/t/task_stats', 'NaN', 'body is not a JSON object'],
    ])('refuses %s %s with %s', async (method, path, body, reason) => {
      expect(jsonAnswer(await cluster().system.send(method, path, { body }))).toEqual(refused(400, reason));
    });

    it('raises requirements up to a limit only, which the history shows', async () => {
      const { system, alice } = cluster();
      const id = await newTask(system, await newDataset(alice), {
        ...{ status: 'processing', instance_id: 'i', requirements: { memory: 4 } },
      });
      await report(system, id, 'reset', { instance_id: 'i', resources: { memory: 1e12, disk: 2 } });
      expect(await readTask(system, id)).toMatchObject({ requirements: { memory: 1000, disk: 3 } });
      const { events } = (await alice.get(`/cairn/history/units/${id}`)).json as { events: readonly unknown[] };
      expect(events.at(-1)).toMatchObject({ event: 'UnitFailed', data: { limited: ['memory'] } });
    });

    it('refuses times and resources of the wrong type', async () => {
      const { system } = cluster();
      const id = await newTask(system, unsubmitted(), { status: 'processing', instance_id: 'i' });
      for (const bad of [
        { time_used: 'long' },
        { time_used: true },
        { time_used: -1 },
        { resources: 'many' },
        { site: 7 },
        { instance_id: 7 },
      ]) {
        expect([bad, (await report(system, id, 'reset', { instance_id: 'i', ...bad })).status]).toEqual([bad, 400]);
      }
      expect((await report(system, id, 'reset', { instance_id: 'i', resources: { memory: 'x', cpu: 3 } })).status).toBe(
        200,
      );
      expect(await readTask(system, id)).toMatchObject({ requirements: { cpu: 2 } });
    });
  });
};
