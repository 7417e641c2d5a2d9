import { type Cairn, startEmbedded } from '../../e2e/cairn-process.js';
import { created, done, type HttpClient, ok, refused, said } from '../../e2e/http-client.js';
import { ID, newDataset, newJob, newTask, openWorld, TIMESTAMP, VARIABLES, type World } from '../../e2e/world.js';

type Document = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly description: string;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly description?: string }>>>>;
}

const anId: unknown = expect.stringMatching(ID);
const aTime: unknown = expect.stringMatching(TIMESTAMP);

/** A task as it is after it was added, but for what is given. */
const taskDocument = (fields: Document): Document => ({
  depends: [],
  requirements: {},
  status: 'idle',
  priority: 1,
  instance_id: '',
  status_changed: aTime,
  failures: 0,
  evictions: 0,
  walltime: 0,
  walltime_err: 0,
  walltime_err_n: 0,
  site: '',
  ...fields,
});

const resultOf = ({ json }: { readonly json: unknown }): string => String((json as { result?: unknown }).result);

/** Complete stories as real IceProd clients live them, to the letter of every answer. */
describe('IceProd clients', () => {
  let cairn: Cairn;
  let world: World;

  beforeAll(async () => {
    // What the clients do is told here, not what follows by itself.
    cairn = await startEmbedded({ ...VARIABLES, CAIRN_AUTOMATION: 'off' });
    world = await openWorld(cairn);
  }, 60_000);

  afterAll(async () => {
    world.anonymous.close();
    await cairn.remove();
  }, 60_000);

  const task = async (id: string): Promise<Document> => {
    const { status, reason, json } = await world.system.get(`/tasks/${id}`);
    expect({ status, reason }).toEqual({ status: 200, reason: 'OK' });
    return json as Document;
  };

  const report = (client: HttpClient, id: string, action: string, body: object) =>
    client.post(`/tasks/${id}/task_actions/${action}`, body);

  it('the grid process claims many, reports processing, statistics and completion', async () => {
    const { system, alice } = world;
    const datasetId = await newDataset(alice, { jobs_submitted: 3, tasks_submitted: 6, tasks_per_job: 2 });
    const jobs: string[] = [];
    const generates: string[] = [];
    const detectors: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const job = await newJob(system, datasetId, { job_index: index });
      jobs.push(job);
      const first = await newTask(system, datasetId, { job_id: job, job_index: index, name: 'generate' });
      generates.push(first);
      detectors.push(
        await newTask(system, datasetId, {
          job_id: job,
          job_index: index,
          task_index: 1,
          name: 'detector',
          depends: [first],
          requirements: { gpu: 1 },
        }),
      );
    }
    const counts = async (expected: Document): Promise<void> => {
      expect(await alice.get(`/datasets/${datasetId}/task_counts/status`)).toEqual(ok(expected));
    };
    await counts({ idle: 6 });
    expect(await alice.get(`/datasets/${datasetId}/job_counts/status`)).toEqual(ok({ processing: 3 }));
    expect(await system.post('/task_actions/waiting', { task_ids: generates })).toEqual(ok({ waiting: 3 }));
    await counts({ idle: 3, waiting: 3 });

    const offer = { cpu: 4, gpu: 0, memory: 16, disk: 100, time: 24, site: 'UW' };
    const claim = { num: 10, requirements: offer, query_params: { dataset_id: datasetId }, dataset_deprio: [] };
    const claimed = await system.post('/task_actions/queue_many', claim);
    const documents = claimed.json as readonly Document[];
    const instance = String(documents[0]?.['instance_id']);
    expect(instance).toMatch(ID);
    expect(claimed).toEqual(
      ok(
        generates.map((id, index) =>
          taskDocument({
            task_id: id,
            dataset_id: datasetId,
            job_id: jobs[index],
            job_index: index,
            task_index: 0,
            name: 'generate',
            status: 'queued',
            site: 'UW',
            instance_id: instance,
          }),
        ),
      ),
    );
    expect(await system.post('/task_actions/queue_many', claim)).toEqual(refused(404, 'Task not found'));
    await counts({ idle: 3, queued: 3 });

    for (const [index, id] of generates.entries()) {
      const queued = await task(id);
      expect(queued).toEqual(documents[index]);
      expect(await report(system, id, 'processing', {})).toEqual(refused(400, 'Missing instance_id in body'));
      expect(await report(system, id, 'processing', { instance_id: 'stale' })).toEqual(refused(404, 'Task not found'));
      expect(await report(system, id, 'processing', { instance_id: instance, site: 'AMAZON' })).toEqual(ok(queued));
      const processing = await task(id);
      expect(processing).toEqual({ ...queued, status: 'processing', site: 'AMAZON', status_changed: aTime });
      // HTCondor has put the job back into its queue, and started it again.
      expect(await system.put(`/tasks/${id}/status`, { status: 'queued', instance_id: instance })).toEqual(done);
      expect(await task(id)).toEqual({ ...processing, status: 'queued', status_changed: aTime });
      expect((await report(system, id, 'processing', { instance_id: instance })).status).toBe(200);

      const stat = await system.post(`/tasks/${id}/task_stats`, {
        dataset_id: datasetId,
        hostname: 'n1',
        resources: { cpu: 0.9, time: 1.5 },
      });
      expect(stat).toEqual(created({ result: anId }));
      const statId = resultOf(stat);
      const record = {
        task_stat_id: statId,
        task_id: id,
        dataset_id: datasetId,
        create_date: aTime,
        stats: { hostname: 'n1', resources: { cpu: 0.9, time: 1.5 } },
      };
      const stats = `/datasets/${datasetId}/tasks/${id}/task_stats`;
      expect(await alice.get(`${stats}?last=true`)).toEqual(ok({ [statId]: record }));
      expect(await alice.get(`${stats}/${statId}`)).toEqual(ok(record));
      expect(await alice.get(`${stats}/nope`)).toEqual(refused(404, 'Task stat not found'));

      const before = await task(id);
      const end = { instance_id: instance, time_used: 3600 * (index + 1), site: 'DESY' };
      expect(await report(system, id, 'complete', end)).toEqual(ok(before));
      expect(await task(id)).toEqual({
        ...before,
        status: 'complete',
        site: 'DESY',
        walltime: index + 1,
        instance_id: '',
        status_changed: aTime,
      });
      // The answer was lost, and the client asks again: harmless.
      expect(await report(system, id, 'complete', end)).toEqual(refused(404, 'Task not found'));
      expect(await report(system, id, 'failed', end)).toEqual(refused(404, 'Task not found'));
      await counts({ idle: 3, ...(index < 2 && { queued: 2 - index }), complete: index + 1 });
    }
    expect(await alice.get(`/datasets/${datasetId}/task_counts/status?gpu=true`)).toEqual(ok({ idle: 3 }));
    expect(await alice.get(`/datasets/${datasetId}/task_counts/name_status`)).toEqual(
      ok({ generate: { complete: 3 }, detector: { idle: 3 } }),
    );
    expect(await alice.get(`/datasets/${datasetId}/task_stats`)).toEqual(
      ok({
        generate: {
          count: 3,
          gpu: 0,
          total_hrs: 6,
          total_err_hrs: 0,
          avg_hrs: 2,
          stddev_hrs: 1,
          min_hrs: 1,
          max_hrs: 3,
          efficiency: 1,
        },
      }),
    );
    expect(await system.post('/task_actions/waiting', { task_ids: detectors })).toEqual(ok({ waiting: 3 }));
    const gpu = { requirements: { ...offer, gpu: 1 }, query_params: { dataset_id: datasetId } };
    expect((await system.post('/task_actions/queue_many', { ...gpu, requirements: offer })).status).toBe(404);
    const detector = await system.post('/task_actions/queue', gpu);
    expect({ ...detector, json: 0 }).toEqual({ ...ok(0) });
    expect(detector.json).toEqual({ ...(await task(detectors[0] ?? '')), queued: 1 });
  });

  it('the legacy pilot registers, takes a queued task and reports without an instance', async () => {
    const { system, pilot, alice } = world;
    const datasetId = await newDataset(alice);
    const job = await newJob(system, datasetId);
    const id = await newTask(system, datasetId, { job_id: job, status: 'waiting', requirements: { memory: 4 } });
    expect(await pilot.post('/task_actions/queue', { num_tasks: 1 })).toEqual(refused(403, 'authorization failed'));
    expect(await system.post('/task_actions/queue', { num_tasks: 1, dataset_prio: { [datasetId]: 1000 } })).toEqual(
      ok({ queued: 1 }),
    );
    const registered = await system.post('/pilots', {
      queue_host: 'sub-1.example',
      queue_version: '2.7.14',
      resources: { cpu: 4, memory: 16 },
    });
    expect(registered).toEqual(created({ result: anId }));
    const pilotPath = `/pilots/${resultOf(registered)}`;
    expect((await pilot.get(pilotPath)).json).toMatchObject({ queue_host: 'sub-1.example', tasks: [] });
    const query = { requirements: { memory: 8, site: 'UW' }, query_params: { dataset_id: datasetId } };
    const taken = await pilot.post('/task_actions/process', { ...query, hostname: 'n1', domain: 'd', ifaces: [] });
    expect(taken).toEqual(
      ok(
        taskDocument({
          task_id: id,
          dataset_id: datasetId,
          job_id: job,
          job_index: 0,
          task_index: 0,
          name: 'generate',
          status: 'processing',
          site: 'UW',
          requirements: { memory: 4, cpu: 1, gpu: 0, disk: 10, time: 8 },
        }),
      ),
    );
    expect(await pilot.post('/task_actions/process', query)).toEqual(refused(404, 'Task not found'));
    expect((await pilot.patch(pilotPath, { host: 'n1', tasks: [id] })).json).toMatchObject({ host: 'n1', tasks: [id] });
    expect((await pilot.get(`/jobs/${job}`)).json).toMatchObject({ job_id: job, status: 'processing' });
    expect((await pilot.get(`/datasets/${datasetId}`)).json).toMatchObject({ dataset_id: datasetId });
    expect(await pilot.get(`/config/${datasetId}`)).toEqual(refused(404, 'Config not found'));
    const log = await pilot.post('/logs', { dataset_id: datasetId, task_id: id, name: 'stdout', data: 'all is well' });
    expect(log).toEqual(created({ result: anId }));
    expect((await alice.get(`/datasets/${datasetId}/logs/${resultOf(log)}`)).json).toMatchObject({
      data: 'all is well',
    });
    expect(await pilot.get('/logs')).toEqual(refused(403, 'authorization failed'));
    const processing = await task(id);
    expect(await report(pilot, id, 'complete', { time_used: 1800 })).toEqual(ok(processing));
    expect(await task(id)).toEqual({ ...processing, status: 'complete', walltime: 0.5, status_changed: aTime });
    expect(await pilot.patch(pilotPath, {})).toEqual(refused(400, 'Missing update data'));
    expect(said(await pilot.send('DELETE', pilotPath))).toEqual(done);
    expect((await pilot.get(pilotPath)).status).toBe(404);
  });

  it('a failing task goes through its retries, its requirements rising, to failed and its job to errors', async () => {
    const { system, alice } = world;
    const datasetId = await newDataset(alice);
    const job = await newJob(system, datasetId);
    const id = await newTask(system, datasetId, { job_id: job, status: 'waiting', requirements: { memory: 2 } });
    let memory = 2;
    for (let failures = 1; failures <= 4; failures += 1) {
      const query = { requirements: {}, query_params: { dataset_id: datasetId } };
      const instance = String(((await system.post('/task_actions/queue', query)).json as Document)['instance_id']);
      expect((await report(system, id, 'processing', { instance_id: instance })).status).toBe(200);
      const before = await task(id);
      const body = {
        instance_id: instance,
        resources: { time: 2, memory: memory + 1, gpu: 5 },
        reason: 'killed for memory',
        site: 'UW',
      };
      expect(await report(system, id, 'reset', body)).toEqual(ok(before));
      memory = (memory + 1) * 1.5;
      expect(await task(id)).toEqual({
        ...before,
        status: 'waiting',
        instance_id: '',
        failures,
        site: 'UW',
        walltime_err: 2 * failures,
        walltime_err_n: failures,
        requirements: { memory, time: 3 },
        status_changed: aTime,
      });
      expect(await report(system, id, 'reset', body)).toEqual(refused(404, 'Task not found'));
    }
    const again = await system.post('/task_actions/queue', { query_params: { dataset_id: datasetId } });
    const instance = String((again.json as Document)['instance_id']);
    expect((await report(system, id, 'failed', { instance_id: instance, time_used: 3600 })).status).toBe(200);
    expect(await task(id)).toMatchObject({ status: 'failed', failures: 5, walltime_err: 9, walltime_err_n: 5 });
    const jobStatus = `/datasets/${datasetId}/jobs/${job}/status`;
    const datasetStatus = `/datasets/${datasetId}/status`;
    expect(await system.put(jobStatus, { status: 'errors' })).toEqual(done);
    expect(await system.put(jobStatus, { status: 'errors' })).toEqual(done);
    expect(await system.put(jobStatus, { status: 'complete' })).toEqual(
      refused(400, 'Bad state transition for status'),
    );
    expect(await alice.get(`/datasets/${datasetId}/job_summaries/status`)).toEqual(ok({ errors: [job] }));
    expect(await system.put(datasetStatus, { status: 'errors' })).toEqual(done);
    expect((await alice.get(`/datasets/${datasetId}`)).json).toMatchObject({ status: 'errors' });
    expect(await alice.put(datasetStatus, { status: 'complete' })).toEqual(
      refused(400, 'Bad state transition for status'),
    );
    expect(await alice.put(datasetStatus, { status: 'gone' })).toEqual(refused(400, 'bad status'));
    expect(await alice.put(datasetStatus, {})).toEqual(refused(400, 'missing status'));
  });

  it('a running dataset is suspended, reset and reset hard', async () => {
    const { system, alice } = world;
    const datasetId = await newDataset(alice);
    const job = await newJob(system, datasetId);
    const base = `/datasets/${datasetId}`;
    const WORDS = ['idle', 'waiting', 'queued', 'processing', 'failed', 'complete'];
    const tasks: string[] = [];
    for (const status of WORDS) {
      tasks.push(await newTask(system, datasetId, { job_id: job, status, instance_id: 'i' }));
    }
    const statuses = async (): Promise<readonly unknown[]> =>
      Promise.all(tasks.map(async (id) => (await task(id))['status']));
    for (const action of ['bulk_suspend', 'bulk_reset', 'bulk_hard_reset']) {
      expect(await alice.post(`${base}/task_actions/${action}`, { tasks: [] })).toEqual(done);
      expect(await alice.post(`${base}/job_actions/${action}`, { jobs: [] })).toEqual(done);
      expect(await statuses()).toEqual(WORDS);
    }
    expect(await alice.put(`${base}/status`, { status: 'suspended' })).toEqual(done);
    expect(await statuses()).toEqual(WORDS);
    expect(await alice.post(`${base}/job_actions/bulk_suspend`)).toEqual(done);
    expect(await alice.get(`${base}/job_counts/status`)).toEqual(ok({ suspended: 1 }));
    expect(await statuses()).toEqual(WORDS);
    expect(await alice.post(`${base}/task_actions/bulk_suspend`, { jobs: [job] })).toEqual(done);
    expect(await statuses()).toEqual(['suspended', 'suspended', 'suspended', 'suspended', 'failed', 'complete']);
    const claim = { query_params: { dataset_id: datasetId } };
    expect(await system.post('/task_actions/queue', claim)).toEqual(refused(404, 'Task not found'));

    expect(await alice.post(`${base}/task_actions/bulk_reset`)).toEqual(done);
    expect(await statuses()).toEqual(['idle', 'idle', 'idle', 'idle', 'idle', 'complete']);
    expect(await alice.post(`${base}/job_actions/bulk_reset`)).toEqual(done);
    expect(await alice.get(`${base}/job_counts/status`)).toEqual(ok({ processing: 1 }));
    expect(await alice.put(`${base}/status`, { status: 'processing' })).toEqual(done);

    await system.patch(`/tasks/${tasks[5] ?? ''}`, { failures: 3, walltime: 2, site: 'UW' });
    expect(await alice.put(`${base}/status`, { status: 'complete' })).toEqual(done);
    expect(await alice.post(`${base}/dataset_actions/truncate`)).toEqual(
      refused(400, 'Cannot truncate complete dataset'),
    );
    expect(await alice.post(`${base}/dataset_actions/hard_reset`)).toEqual(done);
    expect((await alice.get(base)).json).toMatchObject({ status: 'processing', truncated: false });
    expect((await statuses()).at(-1)).toBe('complete');
    expect(await alice.post(`${base}/task_actions/bulk_hard_reset`)).toEqual(done);
    expect(await task(tasks[5] ?? '')).toMatchObject({ status: 'idle', failures: 0, walltime: 2, site: '' });
    expect(await alice.get(`${base}/task_counts/status`)).toEqual(ok({ idle: 6 }));
    expect(await alice.put(`${base}/jobs/${job}/status`, { status: 'complete' })).toEqual(done);
    expect(await alice.post(`${base}/job_actions/bulk_reset`)).toEqual(done);
    expect(await alice.get(`${base}/job_counts/status`)).toEqual(ok({ complete: 1 }));
    expect(await alice.post(`${base}/job_actions/bulk_hard_reset`)).toEqual(done);
    expect(await alice.get(`${base}/job_counts/status`)).toEqual(ok({ processing: 1 }));
    expect(await alice.post(`${base}/dataset_actions/truncate`)).toEqual(done);
    expect((await alice.get(base)).json).toMatchObject({ truncated: true, status: 'processing' });
  });

  it('somebody without rights is refused at every door', async () => {
    const { system, alice, bob, nobody, anonymous } = world;
    const datasetId = await newDataset(alice, { auth_groups_read: [] });
    const taskId = await newTask(system, datasetId);
    const { json } = await anonymous.get('/openapi.json');
    const routes = Object.entries((json as OpenApi).paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, { description = '' }]): Route => ({
        method: verb.toUpperCase(),
        path,
        description,
      })),
    );
    const ruled = routes.filter(
      // Cairn's own routes refuse in a shape of their own.
      ({ path, description }) =>
        /Users need the \w+ rule/.test(description) && path.includes('{dataset_id}') && !path.startsWith('/cairn/'),
    );
    expect(ruled.length).toBeGreaterThanOrEqual(40);
    const before = await task(taskId);
    for (const { method, path } of ruled) {
      const to = (dataset: string): string =>
        path
          .replace('{dataset_id}', dataset)
          .replace('{task_id}', taskId)
          .replace('{status}', 'idle')
          .replace(/\{\w+\}/g, 'x');
      const ask = async (client: HttpClient, dataset: string): Promise<unknown> => ({
        route: `${method} ${path}`,
        ...said(await client.send(method, to(dataset), method === 'GET' ? {} : { body: '{}' })),
      });
      const answer = (reason: string): object => ({ route: `${method} ${path}`, ...refused(403, reason) });
      expect(await ask(anonymous, datasetId)).toEqual(answer('authentication failed'));
      expect(await ask(anonymous.as('x.y.z'), datasetId)).toEqual(answer('authentication failed'));
      expect(await ask(nobody, datasetId)).toEqual(answer('authorization failed'));
      expect(await ask(bob, datasetId)).toEqual(answer('authorization failed'));
      // What does not exist must not be told from what is not allowed.
      expect(await ask(bob, 'unheard-of')).toEqual(answer('attr not found'));
    }
    expect(await task(taskId)).toEqual(before);
    expect((await bob.get('/datasets')).json).not.toHaveProperty(datasetId);
    expect((await alice.get('/datasets')).json).toHaveProperty(datasetId);
  });
});
