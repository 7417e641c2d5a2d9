import { randomUUID } from 'node:crypto';
import { newDataset, newTask } from '../compat/iceprod/fixtures.js';
import { startDistributed, startEmbedded } from '../harness/cairn-process.js';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../harness/http-client.js';
import { useTestCluster } from '../harness/test-cluster.js';

const NOT_HELD = { status: 403, json: { code: 403, error: 'lease not held' } };
const NO_ROLE = { status: 403, json: { code: 403, error: 'authorization failed' } };

/** The role `worker`: what a stolen token of a worker reaches. */
describe.each([
  ['embedded', startEmbedded],
  ['distributed', startDistributed],
] as const)('a worker, %s', (_, start) => {
  const cluster = useTestCluster({ start });
  const config = {
    version: 3.2,
    description: 'd',
    tasks: [{ name: 'generate', trays: [{ modules: [{ src: 'x' }] }] }],
  };

  const newWorker = async (): Promise<HttpClient> =>
    cluster().anonymous.as(await cluster().cairn.token({ username: `worker-${randomUUID()}`, roles: ['worker'] }));

  /** A task in a dataset that only the group `simprod` may read. */
  const addTask = async (): Promise<{ readonly dataset: string; readonly task: string }> => {
    const { alice, system } = cluster();
    const dataset = await newDataset(alice, { auth_groups_read: [] });
    await alice.put(`/config/${dataset}`, config);
    return { dataset, task: await newTask(system, dataset, { status: 'waiting' }) };
  };

  const claim = async (worker: HttpClient, dataset: string): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await worker.post('/task_actions/queue', { query_params: { dataset_id: dataset } });
    expect(answer.status).toBe(200);
    return answer.json as Record<string, unknown>;
  };

  /** All that a worker may ask about a task and its dataset. */
  const readings = (worker: HttpClient, dataset: string, task: string): Promise<readonly JsonAnswer[]> =>
    Promise.all(
      [
        `/tasks/${task}`,
        `/datasets/${dataset}`,
        `/config/${dataset}`,
        `/datasets/${dataset}/config`,
        `/datasets/${dataset}/files/${task}`,
      ].map((path) => worker.get(path)),
    );

  /** All that a worker may change of a task, as whoever knows its instance would. */
  const changes = async (worker: HttpClient, dataset: string, task: string, instance: unknown) => [
    await worker.post('/logs', { dataset_id: dataset, task_id: task, name: 'stdlog', data: 'text' }),
    await worker.post(`/tasks/${task}/task_stats`, { dataset_id: dataset, time: 1 }),
    await worker.put(`/tasks/${task}/status`, { status: 'failed', instance_id: instance }),
    await worker.post(`/tasks/${task}/task_actions/processing`, { instance_id: instance }),
    await worker.post(`/tasks/${task}/task_actions/reset`, { instance_id: instance }),
    await worker.post(`/tasks/${task}/task_actions/failed`, { instance_id: instance }),
    await worker.post(`/tasks/${task}/task_actions/complete`, { instance_id: instance }),
  ];

  it('claims a task, reads what it needs, reports, and reaches nothing of it after the end', async () => {
    const { dataset, task } = await addTask();
    const worker = await newWorker();
    for (const answer of await readings(worker, dataset, task)) expect(answer).toMatchObject(NOT_HELD);
    const { task_id: id, instance_id: instance } = await claim(worker, dataset);
    expect(id).toBe(task);
    for (const { status } of await readings(worker, dataset, task)) expect(status).toBe(200);
    const body = { instance_id: instance };
    expect((await worker.post(`/tasks/${task}/task_actions/processing`, body)).status).toBe(200);
    const log = { dataset_id: dataset, task_id: task, name: 'stdlog', data: 'text' };
    expect((await worker.post('/logs', log)).status).toBe(201);
    expect((await worker.post(`/tasks/${task}/task_stats`, { dataset_id: dataset, time: 1 })).status).toBe(201);
    const headers = { 'idempotency-key': randomUUID() };
    const complete = () =>
      worker.send('POST', `/tasks/${task}/task_actions/complete`, { body: JSON.stringify(body), headers });
    const first = await complete();
    expect(first.status).toBe(200);
    for (const answer of await readings(worker, dataset, task)) expect(answer).toMatchObject(NOT_HELD);
    for (const answer of await changes(worker, dataset, task, instance)) expect(answer).toMatchObject(NOT_HELD);
    // Whoever did not get the answer asks again.
    expect((await complete()).text).toBe(first.text);
  });

  it('reaches nothing of a task that another worker holds, even if it knows the instance', async () => {
    const { dataset, task } = await addTask();
    const [holder, thief] = [await newWorker(), await newWorker()];
    const { instance_id: instance } = await claim(holder, dataset);
    for (const answer of await readings(thief, dataset, task)) expect(answer).toMatchObject(NOT_HELD);
    for (const answer of await changes(thief, dataset, task, instance)) expect(answer).toMatchObject(NOT_HELD);
    expect((await cluster().system.get(`/tasks/${task}`)).json).toMatchObject({ status: 'queued', failures: 0 });
    expect((await cluster().system.get(`/datasets/${dataset}/tasks/${task}/logs`)).status).toBe(404);
  });

  it('loses a task that is handed back, reset or suspended, and that another worker claims', async () => {
    const { alice, system } = cluster();
    const [first, second] = [await newWorker(), await newWorker()];
    const ends: readonly ((dataset: string, task: string, instance: unknown) => Promise<JsonAnswer>)[] = [
      (_dataset, task, instance) => first.put(`/tasks/${task}/status`, { status: 'waiting', instance_id: instance }),
      (_dataset, task, instance) => first.post(`/tasks/${task}/task_actions/reset`, { instance_id: instance }),
      (dataset) => alice.post(`/datasets/${dataset}/task_actions/bulk_suspend`, {}),
      (_dataset, task) => system.post('/task_actions/bulk_status/idle', { tasks: [task] }),
      (_dataset, task) => system.patch(`/tasks/${task}`, { instance_id: 'other' }),
    ];
    for (const end of ends) {
      const { dataset, task } = await addTask();
      const { instance_id: instance } = await claim(first, dataset);
      expect((await end(dataset, task, instance)).status).toBe(200);
      for (const answer of await readings(first, dataset, task)) expect(answer).toMatchObject(NOT_HELD);
      for (const answer of await changes(first, dataset, task, instance)) expect(answer).toMatchObject(NOT_HELD);
      await system.post(`/task_actions/bulk_status/waiting`, { tasks: [task] });
      await claim(second, dataset);
      for (const answer of await readings(first, dataset, task)) expect(answer).toMatchObject(NOT_HELD);
      for (const { status } of await readings(second, dataset, task)) expect(status).toBe(200);
    }
  });

  it('reaches no other task of the dataset, and no other dataset, than those of its lease', async () => {
    const { system } = cluster();
    const { dataset, task } = await addTask();
    const other = await newTask(system, dataset, { job_index: 1 });
    const elsewhere = await addTask();
    const worker = await newWorker();
    const { task_id: held } = await claim(worker, dataset);
    expect(held).toBe(task);
    for (const path of [`/tasks/${other}`, `/datasets/${dataset}/files/${other}`]) {
      expect(await worker.get(path)).toMatchObject(NOT_HELD);
    }
    for (const path of [`/datasets/${elsewhere.dataset}`, `/config/${elsewhere.dataset}`, '/config/unknown']) {
      expect(await worker.get(path)).toMatchObject(NOT_HELD);
    }
    expect(await worker.get(`/datasets/${elsewhere.dataset}/files/${task}`)).toMatchObject(NOT_HELD);
    const log = { name: 'stdlog', data: 'text', task_id: task };
    expect(await worker.post('/logs', { ...log, dataset_id: elsewhere.dataset })).toMatchObject(NOT_HELD);
    expect(await worker.post('/logs', log)).toMatchObject(NOT_HELD);
    expect(await worker.post('/logs', { ...log, task_id: other, dataset_id: dataset })).toMatchObject(NOT_HELD);
    const stats = { dataset_id: elsewhere.dataset, time: 1 };
    expect(await worker.post(`/tasks/${task}/task_stats`, stats)).toMatchObject(NOT_HELD);
  });

  it('may use no other route', async () => {
    const { dataset, task } = await addTask();
    const worker = await newWorker();
    await claim(worker, dataset);
    const forbidden: readonly (readonly [string, string, object?])[] = [
      ['GET', '/datasets'],
      ['GET', '/tasks'],
      ['GET', '/pilots'],
      ['GET', '/logs'],
      ['GET', `/datasets/${dataset}/tasks`],
      ['PATCH', `/tasks/${task}`, { priority: 1 }],
      ['PUT', `/config/${dataset}`, config],
      ['POST', '/tasks', {}],
      ['POST', '/task_actions/queue_many', { num: 1000 }],
      ['POST', '/task_actions/process', {}],
      ['POST', '/task_actions/waiting', { task_ids: [task] }],
      ['POST', '/create_token', { type: 'system' }],
      ['GET', `/datasets/${dataset}/credentials`],
      ['GET', '/users'],
    ];
    for (const [method, path, body] of forbidden) {
      const answer = await worker.send(method, path, body === undefined ? {} : { body: JSON.stringify(body) });
      expect({ path, ...answer }).toMatchObject({ path, status: 403 });
    }
    expect(await worker.get('/datasets')).toMatchObject(NO_ROLE);
    expect(await worker.post('/task_actions/queue', { num_tasks: 10 })).toMatchObject(NOT_HELD);
  });

  it('reaches its own registration only, and releases only tasks that it holds', async () => {
    const { system } = cluster();
    const { dataset, task } = await addTask();
    const [holder, thief] = [await newWorker(), await newWorker()];
    const description = { queue_host: 'h', queue_version: '1', resources: {}, heartbeat_seconds: 30 };
    const register = async (worker: HttpClient): Promise<string> =>
      ((await worker.post('/pilots', description)).json as { result: string }).result;
    const [own, foreign] = [await register(holder), await register(thief)];
    await claim(holder, dataset);
    expect((await holder.patch(`/pilots/${own}`, { tasks: [task] })).status).toBe(200);
    expect((await holder.get(`/pilots/${own}`)).json).toMatchObject({ tasks: [task] });
    expect(await thief.get(`/pilots/${own}`)).toMatchObject(NOT_HELD);
    expect(await thief.patch(`/pilots/${own}`, { tasks: [] })).toMatchObject(NOT_HELD);
    expect(await thief.put(`/pilots/${own}/tasks`, { tasks: [] })).toMatchObject(NOT_HELD);
    expect(jsonAnswer(await thief.send('DELETE', `/pilots/${own}`))).toMatchObject(NOT_HELD);
    expect(await thief.get('/pilots/unknown')).toMatchObject(NOT_HELD);

    // A task that runs without an instance goes back when a pilot that lists it is deleted.
    const legacy = await newTask(system, dataset, { job_index: 2 });
    await system.post('/task_actions/bulk_status/processing', { tasks: [legacy] });
    await thief.put(`/pilots/${foreign}/tasks`, { tasks: [task, legacy] });
    expect((await thief.send('DELETE', `/pilots/${foreign}`)).status).toBe(200);
    expect((await system.get(`/tasks/${task}`)).json).toMatchObject({ status: 'queued' });
    expect((await system.get(`/tasks/${legacy}`)).json).toMatchObject({ status: 'processing' });
  });

  it('is not paused by failures that another worker reports under its id', async () => {
    const [victim, thief] = [await newWorker(), await newWorker()];
    const pilot = `pilot-${randomUUID()}`;
    for (let failure = 0; failure < 6; failure += 1) {
      const { dataset, task } = await addTask();
      const { instance_id: instance } = await claim(thief, dataset);
      await thief.post(`/tasks/${task}/task_actions/failed`, { instance_id: instance, pilot_id: pilot });
    }
    const { dataset } = await addTask();
    const offer = { pilot_id: pilot, query_params: { dataset_id: dataset } };
    expect((await thief.post('/task_actions/queue', offer)).status).toBe(404);
    expect((await victim.post('/task_actions/queue', offer)).status).toBe(200);
  });
});
