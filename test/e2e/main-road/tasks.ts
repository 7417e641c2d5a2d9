import { type Document, taskDocument } from '../documents.js';
import { created, done, type HttpClient, isRefusal, ok, refused, type Said } from '../http-client.js';
import { TASK_MOVES, TASK_STATUSES } from '../task-statuses.js';
import { type GetWorld, ID, newDataset, newJob, newTask, TASK, unsubmitted } from '../world.js';

const document = async (client: HttpClient, id: string): Promise<Document> => {
  const { status, json } = await client.get(`/tasks/${id}`);
  expect(status).toBe(200);
  return json as Document;
};

/** One task of each status, by status, as if each had run for a while. */
const oneOfEach = async (
  client: HttpClient,
  datasetId: string,
  fields: Document = {},
): Promise<Readonly<Record<string, string>>> => {
  const tasks: Record<string, string> = {};
  for (const status of TASK_STATUSES) {
    tasks[status] = await newTask(client, datasetId, { status, instance_id: 'i', ...fields });
    await client.patch(`/tasks/${tasks[status]}`, { failures: 2, site: 'UW', walltime: 1.5 });
  }
  return tasks;
};

/** IceProd contract 7.1 to 7.5 and 7.7. */
export const tasks = (world: GetWorld): void => {
  describe('tasks', () => {
    it('are added and read', async () => {
      const { system, pilot, alice } = world();
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
      'need %s',
      async (key) => {
        const body = Object.fromEntries(Object.entries({ dataset_id: 'd', ...TASK }).filter(([name]) => name !== key));
        expect(await world().system.post('/tasks', body)).toEqual(refused(400, `missing key: ${key}`));
      },
    );

    it.each([
      [{ name: 7 }, 'key "name" should be of type str'],
      [{ task_index: 0.5 }, 'key "task_index" should be of type int'],
      [{ nope: 1 }, 'invalid keys found'],
      [{ status: 'melted' }, 'invalid status'],
    ])('are refused: %j', async (fields, reason) => {
      expect(await world().system.post('/tasks', { dataset_id: 'd', ...TASK, ...fields })).toEqual(
        refused(400, reason),
      );
    });

    it.each([{ depends: 'x' }, { depends: [7] }, { requirements: [] }, { priority: 'x' }, { instance_id: 7 }])(
      'are refused in some words: %j',
      async (fields) => {
        const answer = await world().system.post('/tasks', { dataset_id: 'd', ...TASK, ...fields });
        expect({ ...answer, isRefusal: isRefusal(answer, 400) }).toMatchObject({ isRefusal: true });
      },
    );

    it('take any patch', async () => {
      const { system, pilot } = world();
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
    it.each(TASK_STATUSES)('follows the transitions from %s', async (from) => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      for (const to of TASK_STATUSES) {
        const moves = TASK_MOVES[from].includes(to);
        const expected = moves || from === to ? done : refused(400, 'Bad state transition for status');
        const first = await newTask(system, datasetId, { status: from, instance_id: 'i' });
        expect([to, await system.put(`/tasks/${first}/status`, { status: to })]).toEqual([to, expected]);
        expect(await document(system, first)).toMatchObject({ status: moves ? to : from, instance_id: 'i' });
        const second = await newTask(system, datasetId, { status: from, instance_id: 'i' });
        const path = `/datasets/${datasetId}/tasks/${second}/status`;
        expect([to, await alice.put(path, { status: to })]).toEqual([to, expected]);
        expect(await document(system, second)).toMatchObject({
          status: moves ? to : from,
          instance_id: moves ? '' : 'i',
        });
      }
    });

    it('may be guarded by the instance', async () => {
      const { system, pilot } = world();
      const id = await newTask(system, unsubmitted(), { status: 'queued', instance_id: 'i' });
      const set = (body: object): Promise<Said> => pilot.put(`/tasks/${id}/status`, body);
      expect(await set({ status: 'processing', instance_id: 'other' })).toEqual(
        refused(400, 'Bad state transition for status'),
      );
      expect(await set({ status: 'queued', instance_id: 'other' })).toEqual(done);
      expect(await set({ status: 'processing', instance_id: 'i' })).toEqual(done);
      expect(await document(system, id)).toMatchObject({ status: 'processing', instance_id: 'i' });
    });

    it('says what is wrong', async () => {
      const { system, alice } = world();
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

    it('may be called reset, which is idle', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const ids = await oneOfEach(system, datasetId);
      expect(await system.put(`/tasks/${String(ids['failed'])}/status`, { status: 'reset' })).toEqual(done);
      expect(await document(system, String(ids['failed']))).toMatchObject({
        status: 'idle',
        failures: 2,
        instance_id: '',
      });
      expect(
        await alice.put(`/datasets/${datasetId}/tasks/${String(ids['suspended'])}/status`, { status: 'reset' }),
      ).toEqual(done);
      expect(await document(system, String(ids['suspended']))).toMatchObject({ status: 'idle', failures: 0 });
      expect(await system.put(`/tasks/${String(ids['complete'])}/status`, { status: 'reset' })).toEqual(
        refused(400, 'Bad state transition for status'),
      );
    });
  });

  describe('lists of tasks', () => {
    it('of a dataset are filtered and cut', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const a = await newTask(system, datasetId, { name: 'a', job_id: 'j1', job_index: 1, requirements: { gpu: 1 } });
      const b = await newTask(system, datasetId, { name: 'b', job_id: 'j1', job_index: 1, status: 'complete' });
      const c = await newTask(system, datasetId, { name: 'a', job_id: 'j2', job_index: 2, status: 'failed' });
      const list = async (query: string): Promise<readonly string[]> => {
        const { status, json } = await alice.get(`/datasets/${datasetId}/tasks${query}`);
        expect(status).toBe(200);
        return Object.keys(json as object);
      };
      expect(await list('')).toEqual([a, b, c]);
      expect(await list('?status=complete|failed')).toEqual([b, c]);
      expect(await list('?status=reset')).toEqual([]);
      expect(await list('?name=a')).toEqual([a, c]);
      expect(await list('?name=a|b&job_id=j1')).toEqual([a, b]);
      expect(await list('?job_index=2')).toEqual([c]);
      expect(await list('?grid_id=g')).toEqual([]);
      expect(await alice.get(`/datasets/${datasetId}/tasks?keys=requirements.gpu|nope`)).toEqual(
        ok({
          [a]: { task_id: a, requirements: { gpu: 1 } },
          [b]: { task_id: b, requirements: {} },
          [c]: { task_id: c, requirements: {} },
        }),
      );
      expect(await alice.get(`/datasets/${datasetId}/tasks?status=melted`)).toEqual(
        refused(400, 'Unknown task status'),
      );
      expect((await alice.get(`/datasets/${datasetId}/tasks?job_index=x`)).status).toBe(400);
    });

    it('of all datasets are filtered, sorted, limited and cut, without a forced id', async () => {
      const { system } = world();
      const datasetId = unsubmitted();
      const site = `site-${datasetId}`;
      const add = async (priority: number, memory: number, more = ''): Promise<string> => {
        const id = await newTask(system, datasetId, { priority, requirements: { memory } });
        await system.patch(`/tasks/${id}`, { site: `${site}${more}` });
        return id;
      };
      const a = await add(0.5, 3);
      const b = await add(2, 1, '.sub');
      const c = await add(1, 2, 'bar');
      const list = async (query: string): Promise<unknown> => (await system.get(`/tasks?site=${site}${query}`)).json;
      const ids = (...all: readonly string[]): object => ({ tasks: all.map((id) => ({ task_id: id })) });
      expect(await list('&keys=task_id')).toEqual(ids(a, b, c));
      expect(await list('&keys=task_id&sort=priority=-1')).toEqual(ids(b, c, a));
      expect(await list('&keys=task_id&sort=priority')).toEqual(ids(a, c, b));
      expect(await list('&keys=task_id&sort=status=1|requirements.memory=1&limit=2')).toEqual(ids(b, c));
      expect(await list('&keys=task_id&limit=0')).toEqual(ids(a, b, c));
      expect(await list('&keys=task_id&limit=many')).toEqual(ids(a, b, c));
      expect(await list('.&keys=task_id')).toEqual(ids(b));
      expect(await list('&keys=priority&limit=1')).toEqual({ tasks: [{ priority: 0.5 }] });
      expect(await list('&status=melted|complete')).toEqual({ tasks: [] });
      expect(await list('&status=melted|idle&keys=task_id')).toEqual(ids(a, b, c));
    });

    it('are summarized and counted', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const path = (what: string): string => `/datasets/${datasetId}/${what}`;
      expect(await alice.get(path('task_counts/status'))).toEqual(ok({}));
      expect(await alice.get(path('task_counts/name_status'))).toEqual(ok({}));
      expect(await alice.get(path('task_summaries/status'))).toEqual(ok({}));
      const before = (await system.get('/task_counts/status')).json as Record<string, number>;
      const z = await newTask(system, datasetId, { name: 'z', task_index: 0, status: 'complete' });
      const a = await newTask(system, datasetId, { name: 'a', task_index: 1, requirements: { gpu: 2 } });
      const z2 = await newTask(system, datasetId, { name: 'z', task_index: 0 });
      expect((await alice.send('GET', path('task_counts/status'))).text).toBe('{"idle":2,"complete":1}');
      expect(await alice.get(path('task_counts/status?gpu=true'))).toEqual(ok({ idle: 1 }));
      expect(await alice.get(path('task_counts/status?gpu=0'))).toEqual(ok({ idle: 1, complete: 1 }));
      expect(await alice.get(path('task_counts/status?status=complete|failed'))).toEqual(ok({ complete: 1 }));
      expect((await alice.get(path('task_counts/status?status=melted'))).status).toBe(400);
      expect((await alice.get(path('task_counts/status?gpu=maybe'))).status).toBe(400);
      expect((await alice.send('GET', path('task_counts/name_status'))).text).toBe(
        '{"z":{"idle":1,"complete":1},"a":{"idle":1}}',
      );
      expect((await alice.send('GET', path('task_summaries/status'))).text).toBe(
        JSON.stringify({ idle: [a, z2], complete: [z] }),
      );
      expect(await system.get('/task_counts/status')).toEqual(
        ok({ ...before, idle: (before['idle'] ?? 0) + 2, complete: (before['complete'] ?? 0) + 1 }),
      );
      expect((await system.get('/task_counts/status?status=melted')).status).toBe(400);
    });

    it('give statistics of what is complete', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_stats`;
      expect(await alice.get(path)).toEqual(ok({}));
      const add = async (fields: Document, patch: Document): Promise<void> => {
        const id = await newTask(system, datasetId, fields);
        await system.patch(`/tasks/${id}`, patch);
      };
      await add({ name: 'b', task_index: 1, requirements: { gpu: 2 } }, { status: 'complete', walltime: 4 });
      await add({ name: 'a', task_index: 0 }, { status: 'complete', walltime: 2, walltime_err: 1 });
      await add({ name: 'a', task_index: 0 }, { status: 'complete', walltime: 3 });
      await add({ name: 'a', task_index: 0 }, { status: 'failed', walltime: 100 });
      await add({ name: 'c', task_index: 2 }, { status: 'complete' });
      const { json } = await alice.get(path);
      expect(json).toEqual({
        a: {
          count: 2,
          gpu: 0,
          total_hrs: 5,
          total_err_hrs: 1,
          avg_hrs: 2.5,
          stddev_hrs: expect.closeTo(Math.SQRT1_2, 12) as number,
          min_hrs: 2,
          max_hrs: 3,
          efficiency: expect.closeTo(5 / 6, 12) as number,
        },
        b: {
          count: 1,
          gpu: 2,
          total_hrs: 4,
          total_err_hrs: 0,
          avg_hrs: 4,
          stddev_hrs: null,
          min_hrs: 4,
          max_hrs: 4,
          efficiency: 1,
        },
        c: {
          count: 1,
          gpu: 0,
          total_hrs: 0,
          total_err_hrs: 0,
          avg_hrs: 0,
          stddev_hrs: null,
          min_hrs: 0,
          max_hrs: 0,
          efficiency: 0,
        },
      });
      expect(Object.keys(json as object)).toEqual(['a', 'b', 'c']);
    });

    it('know names that objects have', async () => {
      const { system } = world();
      const datasetId = unsubmitted();
      await newTask(system, datasetId, { name: '__proto__' });
      await newTask(system, datasetId, { name: 'a/b c.d' });
      expect((await system.send('GET', `/datasets/${datasetId}/task_counts/name_status`)).text).toBe(
        '{"__proto__":{"idle":1},"a/b c.d":{"idle":1}}',
      );
    });
  });

  describe('bulk changes of tasks', () => {
    const everything = { failures: 2, site: 'UW', walltime: 1.5 };

    it.each(TASK_STATUSES)('are forced to %s', async (to) => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      for (const [client, path] of [
        [system, `/task_actions/bulk_status/${to}`],
        [alice, `/datasets/${datasetId}/task_actions/bulk_status/${to}`],
      ] as const) {
        const ids = Object.values(await oneOfEach(system, datasetId));
        expect(await client.post(path, { tasks: [...ids, 'nope'] })).toEqual(done);
        for (const id of ids) {
          expect(await document(system, id)).toMatchObject({ status: to, instance_id: '', ...everything });
        }
      }
      expect(await alice.get(`/datasets/${datasetId}/task_counts/status`)).toEqual(ok({ [to]: 14 }));
    });

    it('are forced to reset, which is idle without failures', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const ids = Object.values(await oneOfEach(system, datasetId));
      expect(await alice.post(`/datasets/${datasetId}/task_actions/bulk_status/reset`, { tasks: ids })).toEqual(done);
      for (const id of ids) {
        expect(await document(system, id)).toMatchObject({ status: 'idle', instance_id: '', failures: 0, site: 'UW' });
      }
    });

    it('keep to their dataset', async () => {
      const { system, alice } = world();
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
      expect(await document(system, elsewhere)).toMatchObject({ status: 'idle' });
    });

    it('say what is wrong', async () => {
      const { system } = world();
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

    it.each(actions)('%s takes what it takes', async (action, moves, after) => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/${action}`;
      const chosen = await oneOfEach(system, datasetId, { job_id: 'j1' });
      const others = await oneOfEach(system, datasetId, { job_id: 'j2' });
      const check = async (ids: Readonly<Record<string, string>>, moved: boolean): Promise<void> => {
        for (const [from, id] of Object.entries(ids)) {
          const to = (moves as Readonly<Record<string, string>>)[from];
          expect(await document(system, id)).toMatchObject(
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

  describe('requirements of all tasks of a name', () => {
    it('are set by PATCH', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/bulk_requirements/gen%2F1`;
      const a = await newTask(system, datasetId, { name: 'gen/1', requirements: { memory: 8, cpu: 2 } });
      const b = await newTask(system, datasetId, { name: 'gen/1', status: 'complete' });
      const c = await newTask(system, datasetId, { name: 'other' });
      const body = '{"memory":6.0,"os":["RHEL_9"],"site":"UW"}';
      expect(await alice.patch(path, body)).toEqual(done);
      expect(await alice.patch(path, body)).toEqual(done);
      expect((await document(system, a))['requirements']).toEqual({ memory: 6, cpu: 2, os: ['RHEL_9'], site: 'UW' });
      expect((await document(system, b))['requirements']).toEqual({ memory: 6, os: ['RHEL_9'], site: 'UW' });
      expect((await document(system, c))['requirements']).toEqual({});
      expect((await system.send('GET', `/tasks/${a}`)).text).toContain('"memory":6.0');
    });

    it('are replaced by POST, but numbers never fall', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const path = `/datasets/${datasetId}/task_actions/bulk_requirements/n`;
      const id = await newTask(system, datasetId, { name: 'n', requirements: { gpu: 4, os: ['a'], memory: 1 } });
      expect(await alice.post(path, { cpu: 1, memory: 2.5, os: [] })).toEqual(done);
      expect((await document(system, id))['requirements']).toEqual({ cpu: 1, memory: 2.5 });
      expect(await alice.post(path, { memory: 1, disk: 5, os: ['b'], site: 'x' })).toEqual(done);
      expect((await document(system, id))['requirements']).toEqual({ memory: 2.5, disk: 5, os: ['b'], site: 'x' });
    });

    it('are checked', async () => {
      const { system } = world();
      const path = `/datasets/${unsubmitted()}/task_actions/bulk_requirements/n`;
      for (const send of [
        (body: unknown): Promise<Said> => system.patch(path, body),
        (body: unknown): Promise<Said> => system.post(path, body),
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

  describe('jobs and their tasks', () => {
    it('do not move each other', async () => {
      const { system, alice } = world();
      const datasetId = await newDataset(alice);
      const jobId = await newJob(system, datasetId);
      const id = await newTask(system, datasetId, { job_id: jobId, status: 'processing' });
      expect(await alice.post(`/datasets/${datasetId}/job_actions/bulk_suspend`)).toEqual(done);
      expect(await document(system, id)).toMatchObject({ status: 'processing' });
      expect(await alice.post(`/datasets/${datasetId}/task_actions/bulk_hard_reset`, { jobs: [jobId] })).toEqual(done);
      expect((await system.get(`/jobs/${jobId}`)).json).toMatchObject({ status: 'suspended' });
    });
  });
};
