import { eventually } from '#platform/testing/eventually.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { CONFIG } from '../compat/iceprod/actions/requests.js';
import { submitTask, taskIs } from '../compat/panda/story.js';
import { usePanda } from '../compat/panda/use-panda.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { job, newWorkflow } from '../compat/torc/workflow.js';
import { MODES } from '../harness/cairn-process.js';
import type { HttpClient } from '../harness/http-client.js';
import { VARIABLES } from '../harness/test-cluster.js';

interface Entry {
  readonly sequence: string;
  readonly event: string;
  readonly sentence: string;
  readonly request: string;
  readonly changes: Readonly<Record<string, { readonly before?: unknown; readonly after?: unknown }>>;
  readonly why: readonly { readonly event: string; readonly sentence?: string }[];
}

interface Timeline {
  readonly events: readonly Entry[];
  readonly next?: string;
}

describe.each(MODES)('timelines ($mode)', (mode) => {
  const panda = usePanda(mode, { ...VARIABLES, CAIRN_AUTOMATION: 'actions', CAIRN_AUTOMATION_DELAY: '0' });
  const { cluster } = panda;

  const timeline = async (client: HttpClient, path: string): Promise<Timeline> => {
    const answer = await client.get(`/cairn/history/${path}`);
    expect(answer).toMatchObject({ status: 200 });
    return answer.json as Timeline;
  };
  const entries = async (client: HttpClient, path: string): Promise<readonly Entry[]> =>
    (await timeline(client, path)).events;

  it('tell of a dataset, its rule, a job and a task what changed, to those who may read it', async () => {
    const { alice, bob, admin, system } = cluster();
    const dataset = await newDataset(alice, { priority: 0.5, auth_groups_read: [] });
    const group = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id: group, status: 'waiting', requirements: { memory: 4 } });
    await alice.put(`/datasets/${dataset}/description`, { description: 'more muons' });
    const rule = { read_groups: [], write_groups: ['admin'], read_users: ['alice', 'bob'], write_users: ['alice'] };
    expect(await bob.get(`/cairn/history/workloads/${dataset}`)).toMatchObject({ status: 403 });
    expect(await admin.put(`/auths/${dataset}`, rule)).toMatchObject({ status: 200 });
    await system.patch(`/tasks/${task}`, { 'requirements.memory': 8 });
    await alice.put(`/datasets/${dataset}/jobs/${group}/status`, { status: 'suspended' });

    const ofDataset = await entries(bob, `workloads/iceprod.main.${dataset}`);
    expect(ofDataset.find(({ event }) => event === 'DatasetDescribed')).toMatchObject({
      sentence: 'alice gave the dataset another description.',
      changes: { description: { before: 'muons', after: 'more muons' } },
    });
    expect(await entries(bob, `workloads/${dataset}`)).toEqual(ofDataset);
    expect((await entries(alice, `access/${dataset}`)).map(({ changes }) => changes['read_users'])).toEqual([
      { after: ['alice'] },
      { before: ['alice'], after: ['alice', 'bob'] },
    ]);
    expect((await entries(alice, `groups/${group}`)).at(-1)?.changes).toMatchObject({
      status: { before: 'processing', after: 'suspended' },
    });
    expect((await entries(bob, `units/${task}`)).find(({ event }) => event === 'UnitAmended')?.changes).toEqual({
      requirements: { before: { memory: 4 }, after: { memory: 8 } },
    });
    const { events: first, next = '' } = await timeline(alice, `units/${task}?limit=1`);
    const { events: second } = await timeline(alice, `units/${task}?limit=1&cursor=${next}`);
    expect([...first, ...second]).toEqual((await entries(alice, `units/${task}`)).slice(0, 2));
    for (const unknown of ['units/x', 'groups/x', 'workloads/x', 'workers/x', 'sites/x', 'people/x', 'requests/x']) {
      expect(await alice.get(`/cairn/history/${unknown}`)).toMatchObject({ status: 404 });
    }
    expect(await alice.get(`/cairn/history/units/${task}?cursor=x`)).toMatchObject({ status: 400 });
    expect(await alice.get(`/cairn/history/units/${task}?limit=0`)).toMatchObject({ status: 400 });
  });

  it('show everything that followed from a request, and why', async () => {
    const { alice, admin } = cluster();
    const dataset = await newDataset(alice, { jobs_submitted: 2, tasks_submitted: 4, tasks_per_job: 2 });
    await alice.put(`/config/${dataset}`, CONFIG);
    const headers = { 'x-request-id': `story-${dataset}` };
    const body = JSON.stringify({ dataset_id: dataset });
    const { text } = await alice.send('POST', '/actions/materialization', { headers, body });
    const { result } = JSON.parse(text) as { readonly result: string };
    const status = async (): Promise<unknown> =>
      ((await alice.get(`/actions/materialization/${result}`)).json as { readonly status?: string }).status;
    await eventually(status, 'complete');
    const told = await entries(admin, `requests/story-${dataset}`);
    expect(told[0]).toMatchObject({ event: 'RequestQueued', request: `story-${dataset}`, why: [] });
    const added = told.find(({ event }) => event === 'UnitsAdded' || event === 'UnitAdded');
    expect(added).toMatchObject({
      request: result,
      why: [{ event: 'RequestQueued', sentence: expect.stringContaining('asked for materialization') as unknown }],
    });
    // What is for administrators is not told, but that it happened.
    const forAlice = await entries(alice, `requests/${result}`);
    expect(forAlice.map(({ event }) => event)).toContain(added?.event);
    expect(forAlice[0]?.why[0]).toMatchObject({ event: 'RequestQueued' });
    expect(forAlice[0]?.why[0]).not.toHaveProperty('sentence');
  });

  it('tell of pilots, grids and people', async () => {
    const { admin, system } = cluster();
    const { result: grid } = (await system.post('/grids', { host: 'h', queues: {}, version: '1' })).json as {
      readonly result: string;
    };
    expect((await entries(admin, `sites/${grid}`))[0]).toMatchObject({ event: 'SiteRegistered' });
    const pilot = { queue_host: 'h', queue_version: '1', resources: { cpu: 1 } };
    const { result: worker } = (await system.post('/pilots', pilot)).json as { readonly result: string };
    await system.send('DELETE', `/pilots/${worker}`);
    const ofPilot = await entries(admin, `workers/${worker}`);
    expect(ofPilot.slice(0, 2).map(({ event }) => event)).toEqual(['WorkerStarted', 'WorkerEnded']);
    await admin.post('/users', { username: 'pingu', roles: ['user'] });
    await admin.put('/users/pingu/groups', { groups: ['users', 'simprod'] });
    expect((await entries(admin, 'people/pingu')).at(-1)?.changes['groups']).toMatchObject({
      after: ['users', 'simprod'],
    });
  });

  it('tell of tasks and jobs of PanDA, and what a command led to', async () => {
    const { admin } = cluster();
    const user = panda.user();
    const id = await submitTask(user);
    await taskIs(user, id, 'scouting');
    await user.post('task/kill', { task_id: id });
    await taskIs(user, id, 'aborted');
    const told = await entries(admin, `workloads/panda.main.${id}`);
    expect(told[0]).toMatchObject({ event: 'TaskSubmitted', changes: { jediTaskID: { after: id } } });
    const done = told.find(({ event }) => event === 'CommandExecuted');
    expect(done).toMatchObject({ why: [{ event: 'CommandRegistered' }] });
    const statuses = told.flatMap(({ changes }) => changes['status'] ?? []);
    for (const [at, { before }] of statuses.entries()) expect(before).toEqual(statuses[at - 1]?.after);
    expect(statuses.at(-1)?.after).toBe('aborted');
    const { data } = (await user.get('task/get_job_ids', { task_id: id })) as { readonly data: readonly number[] };
    const ofJob = await entries(admin, `units/${data[0] ?? 0}`);
    expect(ofJob[0]).toMatchObject({ event: 'JobsCreated', changes: { PandaID: { after: data[0] } } });
    expect(ofJob[0]?.why).toMatchObject([{ event: 'TaskSubmitted' }]);
    const last = ofJob.at(-1);
    expect(last?.changes['jobStatus']?.after).toBe('cancelled');
    expect(last?.why).toMatchObject([{ event: 'CommandRegistered' }]);
    const request = await entries(admin, `requests/${last?.request ?? ''}`);
    expect(request[0]).toMatchObject({ event: 'CommandRegistered' });
    expect(request.map(({ event }) => event)).toContain('UnitsMoved');
  });

  it('tell of workflows and jobs of Torc, also when they are gone', async () => {
    const { admin } = cluster();
    const client = new TorcClient(admin);
    const workflow = await newWorkflow(client, { jobs: [job('first'), job('second', { blocked_by: ['first'] })] });
    const unit = encodeURIComponent(String((await workflow.job('first'))['_id']));
    const before = await entries(admin, `units/${unit}`);
    expect(before[0]).toMatchObject({ event: 'JobsAdded', changes: { name: { after: 'first' } } });
    expect(await workflow.delete()).toMatchObject({ status: 200 });
    const gone = await entries(admin, `units/${unit}`);
    expect(gone.slice(0, before.length)).toEqual(before);
    expect(gone.at(-1)).toMatchObject({ event: 'UnitsRemoved', changes: { name: { before: 'first' } } });
    expect((await entries(admin, `workloads/torc.main.${workflow.key}`)).at(-1)).toMatchObject({
      event: 'WorkflowDeleted',
    });
  });
});
