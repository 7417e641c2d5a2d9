import { MODES } from '../harness/cairn-process.js';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../harness/http-client.js';
import { refused } from '../compat/iceprod/answers.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';

const REUSED = refused(409, 'Idempotency-Key was used for another request');

/** Logs of this length are streamed to the blob store. */
const LARGE = 'x'.repeat(400_000);

let keys = 0;
const newKey = (): string => `key-${String((keys += 1))}`;

describe.each(MODES)('Idempotency-Key ($mode)', (mode) => {
  const cluster = useTestCluster(mode);

  const ask = async (
    client: HttpClient,
    method: string,
    path: string,
    key: string,
    body?: object,
  ): Promise<JsonAnswer> =>
    jsonAnswer(
      await client.send(method, path, {
        body: body === undefined ? undefined : JSON.stringify(body),
        headers: { 'idempotency-key': key },
      }),
    );

  it('replays the first answer without a second effect', async () => {
    const { system, admin } = cluster();
    const dataset_id = await newDataset(admin);
    const key = newKey();
    const body = { dataset_id, job_index: 0 };
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => ask(system, 'POST', '/jobs', key, body)));
    expect(first?.status).toBe(201);
    for (const other of others) expect(other).toEqual(first);
    expect(await ask(system, 'POST', '/jobs', key, body)).toEqual(first);
    const { json } = await admin.get(`/datasets/${dataset_id}/jobs`);
    expect(Object.keys(json as object)).toHaveLength(1);
  });

  it('refuses the same key with another body', async () => {
    const { system, admin } = cluster();
    const dataset_id = await newDataset(admin);
    const key = newKey();
    expect((await ask(system, 'POST', '/jobs', key, { dataset_id, job_index: 0 })).status).toBe(201);
    expect(await ask(system, 'POST', '/jobs', key, { dataset_id, job_index: 1 })).toEqual(REUSED);
    const { json } = await admin.get(`/datasets/${dataset_id}/jobs`);
    expect(Object.keys(json as object)).toHaveLength(1);
  });

  it('is scoped to subject, method and path', async () => {
    const { system, admin } = cluster();
    const dataset_id = await newDataset(admin);
    const [one, two] = [await newJob(admin, dataset_id), await newJob(admin, dataset_id)];
    const key = newKey();
    const [jobOne, jobTwo] = [`/jobs/${one}`, `/jobs/${two}`];
    const answers = [
      await ask(system, 'PATCH', jobOne, key, { status: 'suspended' }),
      await ask(admin, 'PATCH', jobOne, key, { status: 'errors' }),
      await ask(system, 'PATCH', jobTwo, key, { status: 'complete' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await ask(admin, 'PATCH', jobTwo, key, { status: 'processing' })).toMatchObject({ status: 200 });
  });

  it('applies to PATCH, PUT and DELETE too', async () => {
    const { system, admin, alice } = cluster();
    const dataset_id = await newDataset(alice);
    const patching = newKey();
    const task = `/tasks/${await newTask(system, dataset_id)}`;
    const patched = await ask(system, 'PATCH', task, patching, { walltime: 1 });
    await system.patch(task, { walltime: 2 });
    expect(await ask(system, 'PATCH', task, patching, { walltime: 1 })).toEqual(patched);
    expect((await system.get(task)).json).toMatchObject({ walltime: 2 });
    expect(await ask(system, 'PATCH', task, patching, { walltime: 3 })).toEqual(REUSED);

    const putting = newKey();
    const status = `/datasets/${dataset_id}/status`;
    const put = await ask(admin, 'PUT', status, putting, { status: 'suspended' });
    expect(put.status).toBe(200);
    await admin.put(status, { status: 'processing' });
    expect(await ask(admin, 'PUT', status, putting, { status: 'suspended' })).toEqual(put);
    expect((await admin.get(`/datasets/${dataset_id}`)).json).toMatchObject({ status: 'processing' });
    expect(await ask(admin, 'PUT', status, putting, { status: 'errors' })).toEqual(REUSED);

    const deleting = newKey();
    const { json } = await system.post('/pilots', { queue_host: 'h', queue_version: '1', resources: {} });
    const pilot = `/pilots/${(json as { result: string }).result}`;
    const deleted = await ask(system, 'DELETE', pilot, deleting, {});
    expect(deleted.status).toBe(200);
    expect(await ask(system, 'DELETE', pilot, deleting, {})).toEqual(deleted);
    expect(await ask(system, 'DELETE', pilot, deleting, { force: true })).toEqual(REUSED);
    expect((await ask(system, 'DELETE', pilot, newKey(), {})).status).toBe(404);
  });

  it('compares uploads by their content', async () => {
    const { system } = cluster();
    const key = newKey();
    const first = await ask(system, 'POST', '/logs', key, { data: LARGE });
    expect(first.status).toBe(201);
    expect(await ask(system, 'POST', '/logs', key, { data: LARGE })).toEqual(first);
    expect(await ask(system, 'POST', '/logs', key, { data: `${LARGE.slice(1)}y` })).toEqual(REUSED);
  });

  it('survives a restart', async () => {
    const { cairn, system, admin } = cluster();
    const dataset_id = await newDataset(admin);
    const key = newKey();
    const first = await ask(system, 'POST', '/jobs', key, { dataset_id, job_index: 0 });
    await cairn.restart();
    expect(await ask(system, 'POST', '/jobs', key, { dataset_id, job_index: 0 })).toEqual(first);
    expect(await ask(system, 'POST', '/jobs', key, { dataset_id, job_index: 1 })).toEqual(REUSED);
  });
});
