import { eventually } from '#platform/testing/eventually.js';
import { made } from './actions/requests.js';
import { startDistributed, startEmbedded } from '../../harness/cairn-process.js';
import { type HttpClient } from '../../harness/http-client.js';
import { created, ok } from './answers.js';
import { type GetTestCluster, useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from './fixtures.js';

const CONFIG = { version: 3.2, description: 'd', tasks: [{ name: 'generate', trays: [{ modules: [{}] }] }] };

const variables = (steps: string) => () => ({
  ...VARIABLES,
  CAIRN_AUTOMATION: steps,
  CAIRN_AUTOMATION_DELAY: '0.1',
});

/** Creates work for every step. */
const layOut = async ({ system, alice }: { readonly system: HttpClient; readonly alice: HttpClient }) => {
  const submission = { config: JSON.stringify(CONFIG), description: 'd', jobs_submitted: 1, group: 'simprod' };
  const { result: request } = (await alice.post('/actions/submit', submission)).json as { result: string };
  const counts = { jobs_submitted: 2, tasks_submitted: 2, tasks_per_job: 1 };
  const dataset = await newDataset(system, counts);
  await system.put(`/config/${dataset}`, CONFIG);
  const job = await newJob(system, dataset);
  const [idle, complete] = [
    await newTask(system, dataset, { priority: 0.375, job_index: 1 }),
    await newTask(system, dataset, { status: 'complete', job_id: job }),
  ];
  const suspended = await newDataset(system, { ...counts, status: 'suspended' });
  const waiting = await newTask(system, suspended, { status: 'waiting' });
  const bare = await newDataset(system, counts);
  const read = async (client: HttpClient, path: string): Promise<Readonly<Record<string, unknown>>> =>
    (await client.get(path)).json as Readonly<Record<string, unknown>>;
  return async () => ({
    request: (await read(alice, `/actions/submit/${request}`))['status'],
    materializations: (await read(alice, '/actions/materialization'))['queued'],
    idle: (await read(system, `/tasks/${idle}`))['status'],
    isRanked: (await read(system, `/tasks/${idle}`))['priority'] !== 0.375,
    complete: (await read(system, `/tasks/${complete}`))['status'],
    job: (await read(system, `/jobs/${job}`))['status'],
    waiting: (await read(system, `/tasks/${waiting}`))['status'],
    bare: (await read(system, `/datasets/${bare}`))['status'],
  });
};

const UNTOUCHED = {
  ...{ request: 'queued', materializations: 0, idle: 'idle', isRanked: false, complete: 'complete' },
  ...{ job: 'processing', waiting: 'waiting', bare: 'processing' },
};
const ALL_DONE = {
  ...{ request: 'complete', materializations: expect.any(Number) as number, idle: 'waiting', isRanked: true },
  ...{ complete: 'complete', job: 'complete', waiting: 'suspended', bare: 'suspended' },
};

const SOME = 'dataset_completion,buffer';
/** The last thing that happens there: what would be done by the steps that are off is done sooner. */
const SOME_DONE = { ...UNTOUCHED, bare: 'suspended', materializations: 1 };

describe('automation switches', () => {
  const mode = { start: startEmbedded };
  const off = useTestCluster(mode, variables('off'));
  const some = useTestCluster(mode, variables(SOME));
  // Shows how long every step takes where it is on.
  const on = useTestCluster(mode, variables('on'));
  const seen = new Map<GetTestCluster, () => Promise<object>>();

  // Concurrently, because a dataset without a config waits for seconds.
  beforeAll(async () => {
    for (const cluster of [off, some, on]) seen.set(cluster, await layOut(cluster()));
    await eventually(() => seen.get(on)?.() ?? {}, ALL_DONE);
  });

  it('turn off every step, asynchronous requests included', async () => {
    expect(await seen.get(off)?.()).toEqual(UNTOUCHED);
  });

  it('keep requests queued and show them as submitted', async () => {
    const { alice, anonymous } = off();
    const waiting = async (): Promise<number> =>
      ((await anonymous.get('/healthz')).json as { num_requests: number }).num_requests;
    const before = await waiting();
    const body = { config: JSON.stringify(CONFIG), description: 'muons', jobs_submitted: '5' };
    const id = await made(alice, 'submit', body);
    const defaults = { username: 'alice', group: 'users', extra_submit_fields: null, type: 'submit' };
    expect(await alice.get(`/actions/submit/${id}`)).toEqual(
      ok({ id, status: 'queued', error_message: '', payload: { ...body, jobs_submitted: 5, ...defaults } }),
    );
    expect(await waiting()).toBe(before + 1);
    expect((await alice.get(`/cairn/explain/requests/${id}`)).json).toMatchObject({
      status: 'queued',
      reason: expect.stringMatching(
        /^It stays queued: this Cairn does not work on requests, because CAIRN_AUTOMATION is off/,
      ) as string,
    });
    expect(await alice.get('/cairn/explain/requests/nope')).toMatchObject({ status: 404 });
  });

  it('keep a materialization queued as one request, however often it is submitted', async () => {
    const { alice } = off();
    const id = await newDataset(alice);
    const request = await made(alice, 'materialization', { dataset_id: id });
    for (const path of [`/actions/materialization/datasets/${id}`, `/request/${id}`]) {
      expect(await alice.post(path, { num: 1 })).toEqual(created({ result: request }));
    }
    const { json } = await alice.get(`/request/${id}/status`);
    expect(json).toMatchObject({ materialization_id: request, status: 'waiting' });
  });

  it('turn on single steps and leave the others to crons', async () => {
    await eventually(() => seen.get(some)?.() ?? {}, SOME_DONE);
  });

  it('stop Cairn from starting when they name an unknown step', async () => {
    await expect(startEmbedded({ ...VARIABLES, CAIRN_AUTOMATION: 'queue,rest' })).rejects.toThrow(
      /CAIRN_AUTOMATION is "queue,rest"; expected on, off, or a comma-separated list of priority, queue, /,
    );
  });
});

describe('automation switches of separate processes over NATS', () => {
  const cluster = useTestCluster({ start: startDistributed }, variables(SOME));

  it('turn on single steps and leave the others to crons', async () => {
    await eventually(await layOut(cluster()), SOME_DONE);
  });
});
