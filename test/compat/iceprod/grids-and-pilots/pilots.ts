import { eventually } from '#platform/testing/eventually.js';
import { type Document, readTask } from '../documents.js';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../../../harness/http-client.js';
import { created, done, isRefusal, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { ID, newTask, TIMESTAMP, unsubmitted } from '../fixtures.js';

const PILOT = { queue_host: 'sub-1.example', queue_version: '2.7.14', resources: { cpu: 4, memory: 16 } };

const newPilot = async (client: HttpClient, fields: Document = {}): Promise<string> => {
  const answer = await client.post('/pilots', { ...PILOT, ...fields });
  expect(answer).toEqual(created({ result: expect.stringMatching(ID) as string }));
  return (answer.json as { result: string }).result;
};

const end = async (client: HttpClient, id: string): Promise<JsonAnswer> =>
  jsonAnswer(await client.send('DELETE', `/pilots/${id}`, { body: '{}' }));

/** IceProd contract 12. `tasksService` is the name of the tasks process where it can be stopped alone. */
export const pilots = (cluster: GetTestCluster, tasksService: string | undefined): void => {
  describe('pilots', () => {
    it('can be created and read', async () => {
      const { system, pilot } = cluster();
      const id = await newPilot(system, { queues: { a: 'b' }, start_date: 'mine', grid_id: 'g' });
      const { json } = await pilot.get(`/pilots/${id}`);
      expect(json).toEqual({
        ...PILOT,
        pilot_id: id,
        resources_available: {},
        resources_claimed: {},
        tasks: [],
        host: '',
        site: '',
        version: '',
        grid_queue_id: '',
        submit_date: expect.stringMatching(TIMESTAMP) as string,
        last_update: (json as Document)['submit_date'],
        start_date: '',
        queues: { a: 'b' },
        grid_id: 'g',
      });
      expect((await system.get('/pilots')).json).toMatchObject({ [id]: json });
    });

    it('can be found by their fields', async () => {
      const { system } = cluster();
      const host = unsubmitted();
      const one = await newPilot(system, { host, site: 'UW', version: '1', grid_id: 'g1', queue_version: '9' });
      const other = await newPilot(system, { host, site: 'DESY', queue_host: 'h2' });
      const found = async (query: string): Promise<readonly string[]> =>
        Object.keys((await system.get(`/pilots?host=${host}&${query}`)).json as object);
      expect(await found('')).toEqual([one, other]);
      expect(await found('site=&version=')).toEqual([one, other]);
      expect(await found('site=UW')).toEqual([one]);
      expect(await found('site=U')).toEqual([]);
      expect(await found('grid_id=g1')).toEqual([one]);
      expect(await found('version=1')).toEqual([one]);
      expect(await found('queue_version=9')).toEqual([one]);
      expect(await found('queue_host=h2')).toEqual([other]);
      expect(await system.get(`/pilots?host=${host}&site=UW&keys=resources.cpu|nope`)).toEqual(
        ok({ [one]: { pilot_id: one, resources: { cpu: 4 } } }),
      );
      expect(Object.keys((await system.get('/pilots?host=')).json as object)).toEqual(
        expect.arrayContaining([one, other]),
      );
    });

    it('can be updated', async () => {
      const { system, pilot } = cluster();
      const id = await newPilot(system);
      const before = (await pilot.get(`/pilots/${id}`)).json as { last_update: string };
      const fields = { host: 'n1', tasks: ['T1'], start_date: '2026-01-01T00:00:00', 'resources.gpu': 1 };
      const answer = await pilot.patch(`/pilots/${id}`, fields);
      const after = answer.json as { last_update: string };
      expect(answer).toEqual(
        ok({
          ...before,
          host: 'n1',
          tasks: ['T1'],
          start_date: '2026-01-01T00:00:00',
          resources: { ...PILOT.resources, gpu: 1 },
          last_update: expect.stringMatching(TIMESTAMP) as string,
        }),
      );
      expect(after.last_update > before.last_update).toBe(true);
      expect(await pilot.get(`/pilots/${id}`)).toEqual(ok(after));

      expect(await pilot.put(`/pilots/${id}/tasks`, { tasks: ['a', 'b'] })).toEqual(done);
      expect((await pilot.get(`/pilots/${id}`)).json).toMatchObject({ tasks: ['a', 'b'], host: 'n1' });
      expect(await pilot.put(`/pilots/${id}/tasks`, ['c'])).toEqual(done);
      expect((await pilot.get(`/pilots/${id}`)).json).toMatchObject({ tasks: ['c'] });
      expect(await pilot.put(`/pilots/${id}/tasks`, [])).toEqual(done);
      expect((await pilot.get(`/pilots/${id}`)).json).toMatchObject({ tasks: [] });
    });

    it('are refused when they are invalid', async () => {
      const { system, pilot, alice, anonymous } = cluster();
      for (const key of ['queue_host', 'queue_version', 'resources']) {
        const body = Object.fromEntries(Object.entries(PILOT).filter(([name]) => name !== key));
        expect(await system.post('/pilots', body)).toEqual(refused(400, `missing key: ${key}`));
      }
      for (const [key, value, type] of [
        ['queue_host', 1, 'str'],
        ['resources', [], 'dict'],
        ['resources_claimed', 'x', 'dict'],
        ['tasks', 't', 'list'],
        ['tasks', [1], 'list'],
        ['site', 7, 'str'],
        ['heartbeat_seconds', 29, 'int'],
        ['heartbeat_seconds', 14 * 24 * 60 * 60 + 1, 'int'],
        ['heartbeat_seconds', '60', 'int'],
      ] as const) {
        expect(await system.post('/pilots', { ...PILOT, [key]: value })).toEqual(
          refused(400, `key "${key}" should be of type ${type}`),
        );
      }
      const id = await newPilot(system);
      expect(await pilot.put(`/pilots/${id}/tasks`, {})).toEqual(refused(400, 'missing tasks'));
      for (const body of [{ tasks: 'x' }, { tasks: [1] }, [1], '7', 'null', '{']) {
        const answer = await pilot.put(`/pilots/${id}/tasks`, body);
        expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
      }
      expect(await pilot.patch(`/pilots/${id}`, {})).toEqual(refused(400, 'Missing update data'));
      expect(await pilot.patch(`/pilots/${id}`, { tasks: 'x' })).toEqual(refused(400, 'invalid value for tasks'));
      expect(await pilot.patch(`/pilots/${id}`, { pilot_id: 'x' })).toEqual(refused(400, 'invalid value for pilot_id'));
      const missing = refused(404, 'Pilot not found');
      expect(await pilot.get('/pilots/nope')).toEqual(missing);
      expect(await pilot.patch('/pilots/nope', { a: 1 })).toEqual(missing);
      expect(await pilot.put('/pilots/nope/tasks', { tasks: [] })).toEqual(missing);
      expect(await end(pilot, 'nope')).toEqual(missing);
      const forbidden = refused(403, 'authorization failed');
      expect(await pilot.get('/pilots')).toEqual(forbidden);
      expect(await pilot.post('/pilots', PILOT)).toEqual(forbidden);
      expect(await alice.get('/pilots')).toEqual(forbidden);
      expect(await alice.get(`/pilots/${id}`)).toEqual(forbidden);
      expect(await alice.patch(`/pilots/${id}`, {})).toEqual(forbidden);
      expect(await alice.put(`/pilots/${id}/tasks`, {})).toEqual(forbidden);
      expect(await end(alice, id)).toEqual(forbidden);
      expect(await anonymous.get('/pilots')).toEqual(refused(403, 'authentication failed'));
      expect(jsonAnswer(await anonymous.send('POST', `/pilots/${id}`))).toMatchObject({ status: 405 });
    });

    it('release the tasks that they hold when they are deleted', async () => {
      const { system, pilot } = cluster();
      const dataset = unsubmitted();
      const running = await newTask(system, dataset, { status: 'processing' });
      const claimed = await newTask(system, dataset, { status: 'processing', instance_id: 'i' });
      const finished = await newTask(system, dataset, { status: 'complete' });
      const elsewhere = await newTask(system, dataset, { status: 'processing' });
      await system.patch(`/tasks/${running}`, { failures: 2 });
      const before = await readTask(system, running);
      const untouched = await Promise.all([claimed, finished, elsewhere].map((task) => readTask(system, task)));

      const id = await newPilot(system);
      await pilot.put(`/pilots/${id}/tasks`, { tasks: [running, claimed, finished, elsewhere, 'unknown'] });
      // A shorter list changes nothing else.
      await pilot.patch(`/pilots/${id}`, { tasks: [running, claimed, finished, 'unknown'] });
      expect(await readTask(system, elsewhere)).toEqual(untouched[2]);

      expect(await end(pilot, id)).toEqual(done);
      const after = await readTask(system, running);
      expect(after).toEqual({
        ...before,
        status: 'waiting',
        evictions: 1,
        failures: 2,
        status_changed: expect.stringMatching(TIMESTAMP) as string,
      });
      expect(String(after['status_changed']) > String(before['status_changed'])).toBe(true);
      expect(await Promise.all([claimed, finished, elsewhere].map((task) => readTask(system, task)))).toEqual(
        untouched,
      );
      const { events } = (await system.get(`/cairn/history/units/${running}`)).json as { events: readonly Document[] };
      expect(events.find(({ event }) => event === 'UnitsEvicted')).toMatchObject({
        event: 'UnitsEvicted',
        actor: 'pilot-1',
        data: { status: 'waiting', reason: `pilot ${id} deleted` },
      });
      const { json } = await system.get(`/logs?dataset_id=${dataset}&keys=name|task_id|data`);
      expect(Object.values(json as object)).toEqual([
        {
          log_id: expect.stringMatching(ID) as string,
          name: 'stdlog',
          task_id: running,
          data: `pilot ${id} deleted while it held this task; the task waits again\n`,
        },
      ]);
      expect((await system.get(`/datasets/${dataset}/task_counts/status`)).json).toEqual({
        waiting: 1,
        processing: 2,
        complete: 1,
      });
      expect(await end(pilot, id)).toEqual(refused(404, 'Pilot not found'));
      expect(await pilot.get(`/pilots/${id}`)).toEqual(refused(404, 'Pilot not found'));
      expect((await system.get('/pilots')).json).not.toHaveProperty(id);
    });

    it('send heartbeats, the last of which is in the explanation of their task', async () => {
      const { system, pilot } = cluster();
      const task = await newTask(system, unsubmitted(), { status: 'processing' });
      const id = await newPilot(system, { tasks: [task], host: 'n1', heartbeat_seconds: 90 });
      const heartbeat = (await pilot.patch(`/pilots/${id}`, { tasks: [task] })).json as { last_update: string };
      expect((await pilot.get(`/pilots/${id}`)).json).toMatchObject({ last_update: heartbeat.last_update });
      const explained = async (): Promise<unknown> =>
        ((await system.get(`/cairn/explain/units/${task}`)).json as { worker?: unknown }).worker;
      const worker = { worker_id: id, host: 'n1', site: '', heartbeat_seconds: 90 };
      expect(await explained()).toEqual({ ...worker, last_heartbeat: heartbeat.last_update });
      expect(await end(pilot, id)).toEqual(done);
      expect(await explained()).toBeUndefined();
    });

    it('release no task when they end with an empty list', async () => {
      const { system, pilot } = cluster();
      const task = await newTask(system, unsubmitted(), { status: 'processing' });
      const id = await newPilot(system, { tasks: [task] });
      const before = await readTask(system, task);
      await pilot.put(`/pilots/${id}/tasks`, { tasks: [] });
      expect(await end(pilot, id)).toEqual(done);
      expect(await readTask(system, task)).toEqual(before);
    });

    if (tasksService === undefined) return;
    it('release their tasks as soon as the tasks service is available again', async () => {
      const { system, pilot, cairn } = cluster();
      const task = await newTask(system, unsubmitted(), { status: 'processing' });
      const id = await newPilot(system, { tasks: [task] });
      await cairn.restart({
        only: [tasksService],
        meanwhile: async () => {
          expect(await end(pilot, id)).toEqual(done);
          expect(await pilot.get(`/pilots/${id}`)).toEqual(refused(404, 'Pilot not found'));
        },
      });
      await eventually(() => readTask(system, task), expect.objectContaining({ status: 'waiting', evictions: 1 }));
    });
  });
};
