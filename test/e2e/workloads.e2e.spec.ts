import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../harness/cairn-process.js';
import type { HttpClient } from '../harness/http-client.js';
import { VARIABLES } from '../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { acquire, fail, submitTask, taskIs } from '../compat/panda/story.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { job, newWorkflow, type Workflow } from '../compat/torc/workflow.js';

interface Listed {
  readonly ref: string;
  readonly dialect: string;
  readonly id: string;
}

interface WorkloadPage {
  readonly workloads: readonly Listed[];
  readonly next?: string;
  readonly counts: object;
}

describe.each(MODES)('workloads of all dialects ($mode)', (mode) => {
  const panda = usePanda(mode, { ...VARIABLES, CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' });
  const { cluster } = panda;
  let demo: HttpClient;

  beforeAll(async () => {
    const { cairn, anonymous } = cluster();
    const token = { username: 'duser', name: 'Demo User', roles: ['user'] };
    demo = anonymous.as(await cairn.token({ ...token, groups: ['wlcg'] }));
  });

  const workflow = (): Promise<Workflow> =>
    newWorkflow(new TorcClient(cluster().admin), { jobs: [job('first'), job('second', { blocked_by: ['first'] })] });
  const get = async (client: HttpClient, path: string): Promise<unknown> =>
    (await client.get(`/cairn/workloads/${path}`)).json;
  const operate = (client: HttpClient, ref: string, operation: string) =>
    client.post(`/cairn/workloads/${ref}/${operation}`);

  it('are listed with their units, to those who may read them', async () => {
    const { alice, bob, system } = cluster();
    const dataset = await newDataset(alice, { description: 'muons', auth_groups_read: [] });
    const task = await newTask(system, dataset, { job_id: await newJob(system, dataset), status: 'waiting' });
    const { key } = await workflow();
    const id = await submitTask(panda.user());
    await taskIs(panda.user(), id, 'scouting');

    const listed = async (client: HttpClient, query = ''): Promise<readonly string[]> =>
      ((await client.get(`/cairn/workloads${query}`)).json as WorkloadPage).workloads.map(({ ref }) => ref);
    const [ofDataset, ofWorkflow, ofTask] = [`iceprod.main.${dataset}`, `torc.main.${key}`, `panda.main.${id}`];
    expect(await listed(alice)).toEqual([ofTask, ofWorkflow, ofDataset]);
    expect(await listed(bob)).toEqual([ofTask, ofWorkflow]);
    expect(await listed(alice, '?dialect=iceprod,torc&sort=created&limit=1')).toEqual([ofDataset]);
    expect(await listed(alice, '?owner=alice&phase=running&text=MUON')).toEqual([ofDataset]);
    const { next, counts } = (await alice.get('/cairn/workloads?limit=2')).json as WorkloadPage;
    expect(counts).toEqual({ iceprod: { running: 1 }, panda: { running: 1 }, torc: { held: 1 } });
    expect(await listed(alice, `?limit=2&cursor=${String(next)}`)).toEqual([ofDataset]);

    expect(await get(alice, dataset)).toMatchObject({
      ...{ ref: ofDataset, name: 'muons', owner: 'alice', status: 'processing', phase: 'running', progress: 0 },
      units: { total: 1, by_phase: { ready: 1 }, by_status: { waiting: 1 } },
    });
    expect(await get(bob, String(id))).toMatchObject({ ref: ofTask, owner: 'Demo User', units: { total: 3 } });
    expect(await get(alice, `${ofDataset}/counts`)).toMatchObject({ by_name: { generate: { waiting: 1 } } });
    expect(await get(alice, `${ofDataset}/units?phase=ready`)).toMatchObject({ units: [{ unit_id: task }] });
    expect(await get(alice, `${key}/units?status=uninitialized&limit=1`)).toMatchObject({
      units: [{ title: 'first', phase: 'held' }],
    });
    expect(await get(bob, dataset)).toMatchObject({ status: 403, type: 'urn:cairn:error:access.denied' });
    expect(await get(bob, 'nothing')).toMatchObject({ status: 404 });
  });

  it.each([
    ['?limit=0', 'limit must be an integer from 1 to 500'],
    ['?phase=ready,done', /^phase must be some of held, blocked/],
    ['?dialect=slurm', 'dialect must be some of iceprod, panda, torc, separated by commas'],
    ['?phse=failed', /^phse must be left out: parameters are dialect, status, phase, /],
    ['?sort=name', /^sort must be one of created, changed, progress, status/],
    ['?created_from=yesterday', /^created_from must be a time with its zone/],
    ['?cursor=x', 'cursor must be what an answer to this list gave as next'],
  ])('are refused for bad parameters: %s', async (query, detail) => {
    const { status, json } = await cluster().alice.get(`/cairn/workloads${query}`);
    expect(status).toBe(400);
    expect((json as { readonly detail: string }).detail).toMatch(detail);
  });

  it('are held, released, retried and cancelled as IceProd does it', async () => {
    const { alice, bob, system } = cluster();
    const dataset = await newDataset(alice);
    const job_id = await newJob(system, dataset);
    const failed = await newTask(system, dataset, { job_id, status: 'failed' });
    const held = await newTask(system, dataset, { job_id, status: 'suspended' });
    const statuses = async () => {
      const { json } = await alice.get(`/datasets/${dataset}/tasks?keys=status|task_id`);
      const tasks = json as Readonly<Record<string, { readonly status: string }>>;
      return [tasks[failed]?.status, tasks[held]?.status];
    };
    expect(await operate(alice, dataset, 'hold')).toMatchObject({ status: 200, json: { operation: 'hold' } });
    expect(await get(alice, dataset)).toMatchObject({ status: 'suspended', phase: 'held' });
    expect(await operate(bob, dataset, 'release')).toMatchObject({ status: 403 });
    expect(await operate(alice, dataset, 'release')).toMatchObject({ status: 200 });
    expect(await get(alice, dataset)).toMatchObject({ status: 'processing' });
    await eventually(statuses, ['failed', 'idle']);
    expect(await operate(alice, dataset, 'retry')).toMatchObject({ status: 200 });
    await eventually(statuses, ['idle', 'idle']);
    expect(await operate(alice, dataset, 'retry')).toMatchObject({
      ...{ status: 409, json: { detail: 'No task of the dataset has failed' } },
    });
    expect(await operate(bob, dataset, 'cancel')).toMatchObject({ status: 403 });
    expect(await operate(alice, dataset, 'cancel')).toMatchObject({ status: 200 });
    expect(await get(alice, dataset)).toMatchObject({ status: 'suspended', phase: 'cancelled' });
    await eventually(statuses, ['suspended', 'suspended']);
    // As after a cancellation that broke off before its last step.
    const left = await newTask(system, dataset, { job_id, status: 'waiting' });
    expect(await operate(alice, dataset, 'cancel')).toMatchObject({ status: 200 });
    await eventually(
      async () => (await alice.get(`/datasets/${dataset}/tasks/${left}?keys=status`)).json,
      expect.objectContaining({ status: 'suspended' }),
    );
    expect(await operate(alice, dataset, 'release')).toMatchObject({ status: 200 });
    expect(await get(alice, dataset)).toMatchObject({ status: 'processing', phase: 'running' });
  });

  it('are released, retried and cancelled as Torc does it', async () => {
    const { bob } = cluster();
    const flow = await workflow();
    const ref = `torc.main.${flow.key}`;
    expect(await operate(bob, ref, 'hold')).toMatchObject({ status: 409 });
    expect(await operate(bob, ref, 'release')).toMatchObject({ status: 200 });
    expect(await flow.statuses()).toEqual({ first: 'ready', second: 'blocked' });
    expect(await operate(bob, ref, 'retry')).toMatchObject({ status: 409 });
    expect(await operate(bob, ref, 'cancel')).toMatchObject({ status: 200 });
    expect(await get(bob, ref)).toMatchObject({ status: 'canceled', phase: 'cancelled' });
    expect(await operate(bob, ref, 'cancel')).toMatchObject({ status: 409 });
    expect(await operate(bob, ref, 'retry')).toMatchObject({ status: 200 });
    expect(await get(bob, ref)).toMatchObject({ status: 'ready', units: { by_phase: { ready: 1, blocked: 1 } } });
  });

  it('are held, released, retried and cancelled as PanDA does it', async () => {
    const { bob, admin } = cluster();
    const id = await submitTask(panda.user(), { nEvents: 1 });
    await taskIs(panda.user(), id, 'scouting');
    const ref = `panda.main.${id}`;
    expect(await operate(demo, ref, 'hold')).toMatchObject({
      ...{ status: 403, json: { detail: 'production role required' } },
    });
    expect(await operate(admin, ref, 'hold')).toMatchObject({ status: 200 });
    await eventually(() => get(demo, ref), expect.objectContaining({ status: 'paused', phase: 'held' }));
    expect(await operate(demo, ref, 'retry')).toMatchObject({
      ...{ status: 409, json: { detail: expect.stringContaining('the retry command is not accepted') as unknown } },
    });
    expect(await operate(admin, ref, 'release')).toMatchObject({ status: 200 });
    await taskIs(panda.user(), id, 'scouting');
    expect(await operate(demo, ref, 'retry')).toMatchObject({ status: 200 });
    expect(await operate(bob, ref, 'cancel')).toMatchObject({ status: 403 });
    expect(await operate(demo, ref, 'cancel')).toMatchObject({ status: 200 });
    await eventually(() => get(demo, ref), expect.objectContaining({ status: 'aborted', phase: 'cancelled' }));
  });

  it('of IceProd tell who runs their units, and why some have failed', async () => {
    const { alice, bob, system } = cluster();
    const dataset = await newDataset(alice, { auth_groups_read: [] });
    const task = await newTask(system, dataset, { job_id: await newJob(system, dataset), status: 'waiting' });
    const claim = await system.post('/task_actions/queue', { query_params: { dataset_id: dataset } });
    const { instance_id } = claim.json as { readonly instance_id: string };
    const description = { queue_host: 'h', queue_version: '1', host: 'node1', resources: {}, tasks: [task] };
    const pilot = (await system.post('/pilots', description)).json as { readonly result: string };
    expect(await get(alice, `${dataset}/workers`)).toMatchObject({
      workers: [{ worker_id: pilot.result, host: 'node1', claimed: 1, running: 0, unit_ids: [task] }],
      more: false,
    });
    const reason = 'exit code 3 at 0x7ffe1234';
    const failed = await system.post(`/tasks/${task}/task_actions/failed`, { instance_id, reason });
    expect(failed).toMatchObject({ status: 200 });
    expect(await get(alice, `${dataset}/failures`)).toMatchObject({
      ...{ ref: `iceprod.main.${dataset}`, failed_units: 1, failed_runs: 1, causes: 1 },
      failures: [{ cause: 'exit code 3 at #', runs: 1, latest: { reason, unit: { unit_id: task, phase: 'failed' } } }],
    });
    expect(await get(alice, `${dataset}/workers`)).toEqual({ workers: [], more: false });
    for (const part of ['workers', 'failures']) {
      expect(await get(bob, `${dataset}/${part}`)).toMatchObject({ status: 403 });
    }
  });

  it('of Torc tell who runs their units, and why some have failed', async () => {
    const { bob } = cluster();
    const flow = await workflow();
    await flow.initialize();
    const { jobs } = (await flow.claim()).json as { readonly jobs: readonly Readonly<Record<string, unknown>>[] };
    expect(await flow.start(jobs[0] ?? {})).toMatchObject({ status: 200 });
    const ref = `torc.main.${flow.key}`;
    expect(await get(bob, `${ref}/workers`)).toMatchObject({
      workers: [{ worker_id: await flow.nodeKey(), host: 'node-07', claimed: 0, running: 1 }],
    });
    await flow.completed('first', 3);
    expect(await get(bob, ref)).toMatchObject({ status: 'failed', phase: 'failed' });
    expect(await get(bob, `${ref}/failures`)).toMatchObject({
      failures: [{ cause: 'return code 3', runs: 1, latest: { unit: { status: 'done', phase: 'failed' } } }],
    });
    expect(await operate(bob, ref, 'retry')).toMatchObject({ status: 200 });
    expect(await flow.statuses()).toEqual({ first: 'ready', second: 'blocked' });
  });

  it('of PanDA tell who runs their units, and why some have failed', async () => {
    const id = await submitTask(panda.user(), { nEvents: 1 });
    const [taken] = await acquire(panda.pilot(), id, 1);
    if (taken === undefined) throw new Error('no job');
    expect(await get(demo, `${id}/workers`)).toMatchObject({ workers: [{ host: 'wn1', site: 'SITE_A', claimed: 1 }] });
    await fail(panda.pilot(), taken);
    await eventually(
      () => get(demo, `${id}/failures`),
      expect.objectContaining({
        failed_runs: 1,
        failures: [
          expect.objectContaining({
            cause: 'pilot error 1305: the payload failed',
            latest: expect.objectContaining({
              unit: expect.objectContaining({ unit_id: String(taken.PandaID) }) as unknown,
            }) as unknown,
          }),
        ],
      }),
    );
  });
});
