import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectNats } from '#bus/nats-connection.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { loadEnvironment } from '#platform/environment.js';
import { type SecuredBroker, startSecuredBroker } from '../harness/secured-broker.js';
import { eventually } from '#platform/testing/eventually.js';
import { startOver } from '../harness/cairn-process.js';
import type { Answer, HttpClient } from '../harness/http-client.js';
import { openTestCluster, VARIABLES, type TestCluster } from '../harness/test-cluster.js';
import { newDataset, newJob, newTask, unsubmitted } from '../compat/iceprod/fixtures.js';

/** IceProd's deadline is 5 s; the rest allows for a busy machine. */
const ANSWERED_WITHIN_MS = 20_000;

const idsOfJobs = async (client: HttpClient, datasetId: string): Promise<readonly string[]> =>
  Object.keys((await client.get(`/datasets/${datasetId}/jobs?keys=job_id`)).json as object);

describe('failing service processes', () => {
  let broker: SecuredBroker;
  let cluster: TestCluster;
  let cleanUp = (): Promise<void> => Promise.resolve();

  beforeAll(async () => {
    broker = await startSecuredBroker();
    cleanUp = () => broker.remove();
    const cairn = await startOver(broker, VARIABLES);
    cleanUp = () => cairn.remove();
    cluster = await openTestCluster(cairn);
  });

  afterAll(() => cleanUp());

  it('cause 503 with Retry-After while the others keep serving', async () => {
    const { cairn, system, alice } = cluster;
    const datasetId = await newDataset(alice);
    const taskId = await newTask(system, datasetId);
    await cairn.restart({
      only: ['tasks'],
      signal: 'SIGKILL',
      meanwhile: async () => {
        const begun = performance.now();
        const answers = await Promise.all([
          system.send('GET', `/tasks/${taskId}`),
          alice.send('GET', `/datasets/${datasetId}/tasks`),
          system.send('PUT', `/tasks/${taskId}/status`, { body: '{"status":"waiting"}' }),
        ]);
        expect(performance.now() - begun).toBeLessThan(ANSWERED_WITHIN_MS);
        for (const { status, reason, headers, text } of answers) {
          expect(status).toBe(503);
          expect(JSON.parse(text)).toEqual({ code: 503, error: reason });
          expect(headers['retry-after']).toMatch(/^\d+$/);
        }
        expect((await alice.send('GET', `/datasets/${datasetId}`)).status).toBe(200);
        expect((await system.send('GET', '/users')).status).toBe(200);
      },
    });
    await eventually(() => system.send('GET', `/tasks/${taskId}`), expect.objectContaining({ status: 200 }));
    expect(await newDataset(alice)).not.toBe('');
  });

  it('execute a write once, however often it was sent', async () => {
    const { cairn, system } = cluster;
    const datasetId = unsubmitted();
    const body = JSON.stringify({ dataset_id: datasetId, job_index: 0 });
    await newJob(system, datasetId);
    const add = (key: string): Promise<Answer> =>
      eventually(
        () => system.send('POST', '/jobs', { body, headers: { 'idempotency-key': key } }),
        expect.not.objectContaining({ status: 503 }),
      );
    let adding: Promise<readonly Answer[]> = Promise.resolve([]);
    await cairn.restart({
      only: ['tasks'],
      signal: 'SIGKILL',
      meanwhile: () => {
        adding = Promise.all(Array.from({ length: 20 }, (_, index) => add(`once-${String(index)}`)));
        return Promise.resolve();
      },
    });
    const answers = await adding;
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(201));
    const added = answers.map(({ text }) => (JSON.parse(text) as { result: string }).result);
    expect(new Set(added).size).toBe(20);
    const listed = await idsOfJobs(system, datasetId);
    expect(listed).toHaveLength(21);
    expect(listed).toEqual(expect.arrayContaining(added));
  });

  it('are waited for by clients of Torc, who get one answer to each request', async () => {
    const { cairn, alice } = cluster;
    const document = ({ text }: Answer): Readonly<Record<string, string>> =>
      JSON.parse(text) as Readonly<Record<string, string>>;
    const { _key: key } = document(await alice.send('POST', '/workflows', { body: '{"user":"u"}' }));
    const path = `/workflows/${key ?? ''}`;
    const file = document(await alice.send('POST', `${path}/files`, { body: '{"path":"a"}' }));
    let asking: Promise<readonly Answer[]> = Promise.resolve([]);
    await cairn.restart({
      only: ['tasks'],
      signal: 'SIGKILL',
      meanwhile: () => {
        asking = Promise.all([
          alice.send('GET', path),
          alice.send('POST', `${path}/files`, { body: '{"path":"b"}' }),
          alice.send('PUT', `${path}/files/${file['_key'] ?? ''}`, { body: JSON.stringify({ ...file, path: 'c' }) }),
        ]);
        return Promise.resolve();
      },
    });
    expect((await asking).map(({ status, text }) => [status, text])).toEqual(
      Array.from({ length: 3 }, () => [200, expect.any(String) as unknown]),
    );
    const files = (await alice.get(`${path}/files`)).json as { readonly items: readonly { readonly path: string }[] };
    expect(files.items.map((item) => item.path)).toEqual(['c', 'b']);
  });

  it('finish requests in progress when they are stopped', async () => {
    const { cairn, system } = cluster;
    const datasetId = unsubmitted();
    const added: string[] = [];
    let isStopping = false;
    const work = async (): Promise<void> => {
      while (!isStopping) {
        const { status, text } = await system.send('POST', '/jobs', {
          body: JSON.stringify({ dataset_id: datasetId, job_index: 0 }),
        });
        expect([201, 503]).toContain(status);
        if (status === 201) added.push((JSON.parse(text) as { result: string }).result);
      }
    };
    const workers = Array.from({ length: 8 }, work);
    await eventually(() => added.length > 50, true);
    await cairn.restart({ only: ['tasks'] });
    const before = added.length;
    await eventually(() => added.length > before + 50, true);
    isStopping = true;
    await Promise.all(workers);
    const listed = new Set(await idsOfJobs(system, datasetId));
    expect(added.filter((id) => !listed.has(id))).toEqual([]);
  });

  it('reconnect after the broker was away', async () => {
    const { system, alice } = cluster;
    const datasetId = await newDataset(alice);
    await broker.stop('SIGKILL');
    expect((await system.send('GET', '/tasks/nope')).status).toBe(503);
    await broker.restart();
    await eventually(() => system.send('GET', '/tasks/nope'), expect.objectContaining({ status: 404 }));
    await eventually(
      () => alice.send('PUT', `/datasets/${datasetId}/status`, { body: '{"status":"errors"}' }),
      expect.objectContaining({ status: 200 }),
    );
    expect((await alice.get(`/datasets/${datasetId}`)).json).toMatchObject({ status: 'errors' });
  });

  it('answer 503 with Retry-After when the broker dies during an upload', async () => {
    const { cairn, system } = cluster;
    const connection = await connectNats(loadEnvironment(broker.variablesOf('gateway')), 'gateway', memoryLog().log);
    const manager = await jetstreamManager(connection);
    const chunks = async (): Promise<number> => (await manager.streams.info('OBJ_cairn')).state.messages;
    const before = await chunks();
    const upload = request(`${cairn.url}/logs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await cairn.token({ username: 'grid', roles: ['system'] })}` },
    });
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
    upload.write(`{"data":"${'x'.repeat(1024 * 1024)}`);
    await eventually(async () => (await chunks()) > before, true);
    await connection.close();
    await broker.stop('SIGKILL');
    upload.end(`${'x'.repeat(1024 * 1024)}"}`);
    const [{ statusCode, headers }] = await answered;
    expect([statusCode, headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    await broker.restart();
    const body = JSON.stringify({ data: 'x'.repeat(1024 * 1024) });
    await eventually(() => system.send('POST', '/logs', { body }), expect.objectContaining({ status: 201 }));
  });

  it('lose nothing when all of them are killed', async () => {
    const { cairn, system, alice } = cluster;
    const datasetId = await newDataset(alice);
    const taskId = await newTask(system, datasetId);
    await system.post('/task_actions/waiting', { task_ids: [taskId] });
    await cairn.restart({ signal: 'SIGKILL' });
    expect((await system.get(`/tasks/${taskId}`)).json).toMatchObject({ status: 'waiting' });
    expect((await system.get(`/datasets/${datasetId}/task_counts/status`)).json).toEqual({ waiting: 1 });
    expect((await system.get(`/datasets/${datasetId}`)).status).toBe(200);
  });
});
