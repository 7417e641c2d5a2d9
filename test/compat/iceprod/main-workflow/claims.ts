import { type Document, readTask } from '../documents.js';
import { type HttpClient, type JsonAnswer } from '../../../harness/http-client.js';
import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newDataset, newTask, TIMESTAMP, unsubmitted } from '../fixtures.js';

const waiting = (client: HttpClient, datasetId: string, fields: Document = {}): Promise<string> =>
  newTask(client, datasetId, { status: 'waiting', ...fields });

/** Prevents claims over all datasets from finding tasks of other tests. */
const suspendAllWaiting = async (client: HttpClient): Promise<void> => {
  const { json } = await client.get('/tasks?status=waiting&keys=task_id');
  const ids = (json as { tasks: readonly { task_id: string }[] }).tasks.map(({ task_id: id }) => id);
  if (ids.length > 0) await client.post('/task_actions/bulk_status/suspended', { tasks: ids });
};

/** IceProd contract 7.6. */
export const claims = (cluster: GetTestCluster): void => {
  describe('promoting tasks', () => {
    it('sets idle tasks to waiting, whatever they depend on', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const idle = await newTask(system, datasetId, { depends: ['nope'] });
      const failed = await newTask(system, datasetId, { status: 'failed' });
      expect(await system.post('/task_actions/waiting', { task_ids: [idle, failed, 'nope', idle] })).toEqual(
        ok({ waiting: 1 }),
      );
      expect(await readTask(system, idle)).toMatchObject({ status: 'waiting' });
      expect(await readTask(system, failed)).toMatchObject({ status: 'failed' });
      expect(await system.post('/task_actions/waiting')).toEqual(ok({ waiting: 0 }));
      expect(await system.post('/task_actions/waiting', { task_ids: new Array(101).fill('x') })).toEqual(
        refused(400, 'too many tasks. must be <= 100'),
      );
      expect((await system.post('/task_actions/waiting', { task_ids: 'x' })).status).toBe(400);
    });
  });

  describe('claiming one task', () => {
    const claim = (
      client: HttpClient,
      datasetId: string,
      requirements: object = {},
      more: object = {},
    ): Promise<JsonAnswer> =>
      client.post('/task_actions/queue', { requirements, query_params: { dataset_id: datasetId }, ...more });

    it('answers the claimed task as it is after the claim', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const id = await waiting(system, datasetId, { requirements: { memory: 4 } });
      const { status, json } = await claim(system, datasetId, { cpu: 1, gpu: 0, memory: 8.5, site: 'AMAZON' });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        task_id: id,
        status: 'queued',
        site: 'AMAZON',
        instance_id: expect.stringMatching(ID) as string,
        queued: 1,
      });
      const { queued, ...shown } = json as Document;
      expect(queued).toBe(1);
      expect(await readTask(system, id)).toEqual(shown);
      expect(await claim(system, datasetId)).toEqual(refused(404, 'Task not found'));
    });

    it('takes the highest priority first, then the oldest', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const low = await waiting(system, datasetId, { priority: 0.5 });
      const old = await waiting(system, datasetId, { priority: 2 });
      const young = await waiting(system, datasetId, { priority: 2 });
      const changed = await waiting(system, datasetId, { priority: 0.1 });
      await system.patch(`/tasks/${changed}`, { priority: 3 });
      const order: unknown[] = [];
      for (let round = 0; round < 4; round += 1)
        order.push(((await claim(system, datasetId)).json as Document)['task_id']);
      expect(order).toEqual([changed, old, young, low]);
    });

    it.each([
      [{ memory: 4 }, { memory: 4 }, true],
      [{ memory: 4.5 }, { memory: 4 }, false],
      [{}, { memory: 0 }, true],
      [{ memory: 4 }, {}, true],
      [{ gpu: 1 }, { gpu: 0 }, false],
      [{}, { gpu: 0 }, true],
      [{}, { gpu: 1 }, false],
      [{ gpu: 0 }, { gpu: 1 }, false],
      [{ gpu: 2 }, { gpu: 1 }, false],
      [{ gpu: 1 }, { gpu: 2 }, true],
      [{ gpu: 1 }, {}, true],
      [{ os: ['a', 'b'] }, { os: 'b' }, true],
      [{ os: ['a'] }, { os: 'b' }, false],
      [{ site: 'UW' }, { site: 'UW' }, true],
      [{ site: 'UW' }, { site: 'DESY' }, false],
      [{ memory: 'much' }, { memory: 4 }, false],
      [{ extra: 7 }, { extra: 7 }, true],
    ])('with requirements %j and an offer of %j succeeds: %j', async (requirements, offer, fits) => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      await waiting(system, datasetId, { requirements });
      expect((await claim(system, datasetId, offer)).status).toBe(fits ? 200 : 404);
    });

    it('sets the site to "unknown" when none is offered', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      await waiting(system, datasetId);
      expect((await claim(system, datasetId)).json).toMatchObject({ site: 'unknown' });
    });

    it('skips datasets that are not processing', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      await waiting(system, datasetId);
      expect(await alice.put(`/datasets/${datasetId}/status`, { status: 'suspended' })).toEqual(done);
      expect(await claim(system, datasetId)).toEqual(refused(404, 'Task not found'));
      expect(await alice.put(`/datasets/${datasetId}/status`, { status: 'processing' })).toEqual(done);
      expect((await claim(system, datasetId)).status).toBe(200);
    });

    it('filters by the allowed query parameters', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const id = await waiting(system, datasetId, { requirements: { site: 'UW' }, priority: 7 });
      await waiting(system, datasetId, { priority: 9 });
      const by = (query: object): Promise<JsonAnswer> =>
        system.post('/task_actions/queue', { requirements: {}, query_params: { dataset_id: datasetId, ...query } });
      expect((await by({ 'requirements.site': 'DESY' })).status).toBe(404);
      expect((await by({ priority: 8 })).status).toBe(404);
      expect((await by({ 'requirements.site': 'UW', priority: 7 })).json).toMatchObject({ task_id: id });
      expect(await by({ name: 'x' })).toEqual(refused(400, 'param name is not allowed'));
      expect(await by({ $where: 'x' })).toEqual(refused(400, 'param $where is not allowed'));
      for (const bad of [{ status: 'idle' }, { site: { $ne: 'x' } }, { site: ['x'] }])
        expect((await by(bad)).status).toBe(400);
      expect((await system.post('/task_actions/queue', { requirements: 7 })).status).toBe(400);
      expect((await system.post('/task_actions/queue', { query_params: 'x' })).status).toBe(400);
    });

    it('skips a task whose dependency was reset until it is complete again', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const parent = await newTask(system, datasetId, { status: 'complete' });
      const child = await waiting(system, datasetId, { depends: [parent] });
      await system.post('/task_actions/bulk_status/idle', { tasks: [parent] });
      expect(await claim(system, datasetId)).toEqual(refused(404, 'Task not found'));
      expect((await system.get(`/cairn/explain/units/${child}`)).json).toMatchObject({
        reason: `It waits for 1 task to complete, such as ${parent} (idle).`,
        dependencies: { complete: false, open: 1 },
        queue: null,
      });
      await system.post('/task_actions/bulk_status/queued', { tasks: [child] });
      const asPilot = { requirements: {}, query_params: { dataset_id: datasetId } };
      expect((await system.post('/task_actions/process', asPilot)).status).toBe(404);
      await system.post('/task_actions/bulk_status/complete', { tasks: [parent] });
      expect((await system.post('/task_actions/process', asPilot)).json).toMatchObject({ task_id: child });
    });

    it('in its legacy form queues a number of tasks whose dependencies are complete', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const first = await newTask(system, datasetId, { status: 'complete' });
      const ready = await waiting(system, datasetId, { depends: [first], priority: 1000 });
      const blocked = await waiting(system, datasetId, { depends: ['nope'], priority: 1001 });
      const { status, json } = await system.post('/task_actions/queue', {
        num_tasks: 1,
        dataset_prio: { [datasetId]: 1000 },
      });
      expect({ status, json }).toEqual({ status: 200, json: { queued: 1 } });
      expect(await readTask(system, ready)).toMatchObject({ status: 'queued', instance_id: '' });
      expect(await readTask(system, blocked)).toMatchObject({ status: 'waiting' });
      await system.post('/task_actions/bulk_status/suspended', { tasks: [ready, blocked] });
    });
  });

  describe('claiming many tasks', () => {
    it('claims them atomically with one instance id', async () => {
      const { system } = cluster();
      const datasetId = unsubmitted();
      const ids = [
        await waiting(system, datasetId),
        await waiting(system, datasetId),
        await waiting(system, datasetId),
      ];
      const { status, json } = await system.post('/task_actions/queue_many', {
        num: 2,
        requirements: { site: 'UW' },
        query_params: { dataset_id: datasetId },
      });
      expect(status).toBe(200);
      const claimed = json as readonly Document[];
      expect(claimed.map((task) => task['task_id'])).toEqual(ids.slice(0, 2));
      expect(new Set(claimed.map((task) => task['instance_id'])).size).toBe(1);
      expect(claimed).toEqual([
        expect.objectContaining({ status: 'queued', site: 'UW' }),
        expect.objectContaining({ status: 'queued', site: 'UW' }),
      ]);
      for (const [index, id] of ids.slice(0, 2).entries()) expect(await readTask(system, id)).toEqual(claimed[index]);
    });

    it('takes deprioritized datasets last', async () => {
      const { system } = cluster();
      const [d1, d2, d3] = [unsubmitted(), unsubmitted(), unsubmitted()];
      await suspendAllWaiting(system);
      for (const [datasetId, count] of [
        [d1, 4],
        [d2, 4],
        [d3, 2],
      ] as const) {
        for (let index = 0; index < count; index += 1) await waiting(system, datasetId, { priority: index });
      }
      const { json } = await system.post('/task_actions/queue_many', {
        num: 5,
        requirements: {},
        dataset_deprio: [d1, d2],
      });
      const taken = (json as readonly Document[]).map((task) => task['dataset_id']);
      expect(taken.filter((datasetId) => datasetId === d3)).toHaveLength(2);
      expect(taken.filter((datasetId) => datasetId === d2)).toHaveLength(3);
      for (const datasetId of [d1, d2]) await system.post(`/datasets/${datasetId}/task_actions/bulk_suspend`);
    });

    it('reports when no task fits and when there is none', async () => {
      const { system } = cluster();
      const query_params = { dataset_id: unsubmitted() };
      expect(await system.post('/task_actions/queue_many', { num: 3, query_params })).toEqual(
        refused(404, 'Task not found'),
      );
      for (const num of [0, -1]) {
        expect(await system.post('/task_actions/queue_many', { num })).toEqual(refused(404, 'Task not found'));
      }
      expect((await system.post('/task_actions/queue_many', { num: 'x' })).status).toBe(400);
      expect((await system.post('/task_actions/queue_many', { dataset_deprio: 'x' })).status).toBe(400);
    });
  });

  describe('claiming by legacy pilots', () => {
    it('returns queued tasks without an instance id and with all requirements filled in', async () => {
      const { system, pilot } = cluster();
      const datasetId = unsubmitted();
      const id = await newTask(system, datasetId, { status: 'queued', requirements: { memory: 4.0 } });
      await newTask(system, datasetId, { status: 'queued', instance_id: 'taken' });
      const body = {
        requirements: { site: 'UW' },
        query_params: { dataset_id: datasetId },
        gridspec: 'g',
        hostname: 'h',
        domain: 'd',
        ifaces: [],
      };
      const { status, json } = await pilot.post('/task_actions/process', body);
      expect(status).toBe(200);
      expect(json).toMatchObject({
        task_id: id,
        status: 'processing',
        site: 'UW',
        requirements: { cpu: 1, gpu: 0, memory: 4, disk: 10, time: 1 },
      });
      expect(await readTask(system, id)).toMatchObject({ status: 'processing', requirements: { memory: 4 } });
      expect(await pilot.post('/task_actions/process', body)).toEqual(refused(404, 'Task not found'));
    });

    it.each([
      ['disk', 9.9, 10],
      ['memory', 0.5, 1],
      ['time', 0.9, 1],
      ['cpu', 0, 1],
    ])('returns no task whose default %s exceeds the offered %s', async (name, tooLittle, enough) => {
      const { alice, system, pilot } = cluster();
      const datasetId = await newDataset(alice);
      const id = await newTask(system, datasetId, { status: 'queued' });
      const claim = (offered: number) =>
        pilot.post('/task_actions/process', {
          requirements: { [name]: offered },
          query_params: { dataset_id: datasetId },
        });
      expect(await claim(tooLittle)).toEqual(refused(404, 'Task not found'));
      const { offers } = (await alice.get(`/cairn/explain/units/${id}`)).json as { offers: readonly unknown[] };
      expect(offers[0]).toMatchObject({ fits: false, misfits: [{ name, asked: enough, offered: tooLittle }] });
      expect(await claim(enough)).toMatchObject({ json: { task_id: id, requirements: { [name]: enough } } });
    });
  });

  describe('claiming by pilots that name themselves', () => {
    const claim = (datasetId: string, pilotId?: string) =>
      cluster().system.post('/task_actions/queue', {
        query_params: { dataset_id: datasetId },
        ...(pilotId !== undefined && { pilot_id: pilotId }),
      });
    const nothing = refused(404, 'Task not found');
    const fail = async (datasetId: string, pilotId: string): Promise<string> => {
      const { task_id: id, instance_id } = (await claim(datasetId, pilotId)).json as Document;
      const report = { instance_id, pilot_id: pilotId };
      expect((await cluster().system.post(`/tasks/${String(id)}/task_actions/reset`, report)).status).toBe(200);
      return String(id);
    };
    const explained = async (id: string) => (await cluster().alice.get(`/cairn/explain/units/${id}`)).json as Document;

    it('withholds a failed task from them for a while but from no other client', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      const failing = await waiting(system, datasetId, { priority: 2 });
      const other = await waiting(system, datasetId);
      expect(await fail(datasetId, 'back-off-1')).toBe(failing);
      expect(await explained(failing)).toMatchObject({
        reason: expect.stringContaining('It has failed: pilots that name themselves get it again after') as string,
        not_before: expect.stringMatching(TIMESTAMP) as string,
      });
      const { events } = (await alice.get(`/cairn/history/units/${failing}`)).json as { events: readonly Document[] };
      expect(events.at(-1)).toMatchObject({ data: { worker_id: 'back-off-1', retry_after_seconds: 10 } });
      expect(await claim(datasetId, 'back-off-2')).toMatchObject({ json: { task_id: other } });
      expect(await claim(datasetId, 'back-off-2')).toEqual(nothing);
      expect(await claim(datasetId)).toMatchObject({ json: { task_id: failing } });
      // Setting the status is an explicit request to run the task.
      await system.post('/task_actions/bulk_status/waiting', { tasks: [failing] });
      expect(await claim(datasetId, 'back-off-2')).toMatchObject({ json: { task_id: failing } });
    });

    it('gives no tasks to a pilot whose last five runs failed but gives tasks to others', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      for (let failures = 1; failures <= 5; failures += 1) {
        await waiting(system, datasetId);
        await fail(datasetId, 'broken');
      }
      const fresh = await waiting(system, datasetId, { priority: 9 });
      expect(await claim(datasetId, 'broken')).toEqual(nothing);
      expect((await explained(fresh))['paused_pilots']).toContainEqual({
        ...{ pilot_id: 'broken', failures_in_a_row: 5, until: expect.stringMatching(TIMESTAMP) as string },
      });
      expect(await claim(datasetId, 'sound')).toMatchObject({ json: { task_id: fresh } });
    });

    it('resets the failure count of a pilot after a success', async () => {
      const { alice, system } = cluster();
      const datasetId = await newDataset(alice);
      for (let runs = 1; runs <= 10; runs += 1) {
        await waiting(system, datasetId);
        if (runs !== 5) await fail(datasetId, 'mixed');
        else {
          const { task_id: id, instance_id } = (await claim(datasetId, 'mixed')).json as Document;
          await system.post(`/tasks/${String(id)}/task_actions/complete`, { instance_id, pilot_id: 'mixed' });
        }
      }
      const last = await waiting(system, datasetId);
      expect(await claim(datasetId, 'mixed')).toEqual(nothing);
      expect((await explained(last))['paused_pilots']).toContainEqual(
        expect.objectContaining({ pilot_id: 'mixed', failures_in_a_row: 5 }),
      );
    });
  });
};
