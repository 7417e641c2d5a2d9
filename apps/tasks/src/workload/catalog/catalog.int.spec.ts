import { eventually } from '#platform/testing/eventually.js';
import type { Caller, Contract, Page } from '#bus/contract.js';
import {
  CountWorkloadUnits,
  GetWorkload,
  ListWorkloads,
  type ListWorkloadsRequest,
  ListWorkloadUnits,
  type ListUnitsRequest,
  type WorkloadRequest,
} from '#contracts/workloads.js';
import { AddTasks, AmendTask, SetTasksStatus } from '#contracts/iceprod/tasks.js';
import { SubmitTask } from '#contracts/panda/task-commands.js';
import { CreateFromSpecification } from '#contracts/torc/specifications.js';
import { CancelWorkflow, DeleteWorkflow } from '#contracts/torc/workflows.js';
import { InitializeJobs } from '#contracts/torc/graph.js';
import { WaitForPosition } from '#bus/visibility.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { submitDataset } from '../../iceprod/testing/submit-dataset.js';
import { PRUN } from '../../panda/testing/task-run.js';
import { PRODUCTION } from '../../panda/testing/principal.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['simprod'] };
const BOB: Caller = { ...ALICE, subject: 'bob', username: 'bob', groups: [] };

interface Listed {
  readonly ref: string;
  readonly dialect: string;
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly status: string;
  readonly phase: string;
  readonly created: string;
  readonly changed: string;
  readonly progress: number;
  readonly units: { readonly total: number; readonly by_phase: object; readonly by_status: object };
}

interface ListedUnit {
  readonly unit_id: string;
}

const OF_ALICE = { read_groups: ['simprod'], write_groups: [], read_users: ['alice'], write_users: [] };
const OF_NOBODY = { read_groups: [], write_groups: [], read_users: [], write_users: [] };

describe('the catalog of workloads', () => {
  let host: ServiceHost;

  const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request, caller = SYSTEM): Promise<Reply> =>
    host.request(contract, request, caller);

  const page = (request: Partial<ListWorkloadsRequest> = {}, caller = SYSTEM) =>
    ask(ListWorkloads, { order: 'created', descending: false, limit: 100, ...request }, caller);
  const parsed = ({ entries }: Page): readonly Listed[] => entries.map((entry) => JSON.parse(entry) as Listed);
  const ids = async (request: Partial<ListWorkloadsRequest> = {}, caller = SYSTEM) =>
    parsed(await page(request, caller)).map(({ id }) => id);
  const get = async (workload: string, caller = SYSTEM): Promise<Listed> =>
    JSON.parse((await ask(GetWorkload, { workload }, caller)).document) as Listed;
  const json = async (contract: Contract<WorkloadRequest, { readonly document: string }>, workload: string) =>
    JSON.parse((await ask(contract, { workload })).document) as object;
  const units = async (request: Partial<ListUnitsRequest> & WorkloadRequest) =>
    (await ask(ListWorkloadUnits, { limit: 100, ...request })).entries.map((entry) => JSON.parse(entry) as ListedUnit);

  const dataset = async (id: string, facts: object = {}): Promise<string> => {
    const position = await submitDataset(host.ledger, id, {
      ...{ description: `set ${id}`, tasks_submitted: 10, access: OF_ALICE },
      ...facts,
    });
    await ask(WaitForPosition('tasks'), { position });
    return id;
  };
  const workflow = async (name: string, user = 'carol'): Promise<string> => {
    const jobs = ['first', 'second'].map((job) => ({ name: job, command: 'true' }));
    const body = JSON.stringify({ name, user, jobs: [jobs[0], { ...jobs[1], blocked_by: ['first'] }] });
    const { document } = await ask(CreateFromSpecification, { body });
    return (JSON.parse(document) as { readonly _key: string })._key;
  };
  const task = async (taskName: string): Promise<string> => {
    const { task_id: id } = await ask(SubmitTask, {
      parameters: JSON.stringify({ ...PRUN, taskName }),
      ...{ parent_tid: null, principal: PRODUCTION, default_trans_path: '' },
    });
    return String(id);
  };
  /** Some jobs, each with a task `generate` and a task `filter` behind it. */
  const addTasks = (dataset_id: string, count: number) =>
    ask(AddTasks, {
      ...{ dataset_id, first_job_index: 0, count },
      tasks: [
        { name: 'generate', depends: [], requirements: '{}', status: 'waiting' },
        { name: 'filter', depends: [0], requirements: '{}', status: 'idle' },
      ],
    });

  beforeEach(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterEach(() => host.end());

  it('lists the workloads of all dialects alike, also after a rebuild', async () => {
    const [d, w, t] = [await dataset('d'), await workflow('sweep'), await task('user.demo.t1/')];
    await eventually(async () => (await get(t)).status, 'pending');
    await addTasks(d, 2);
    const before = await page();
    expect(parsed(before)).toMatchObject([
      {
        ...{ ref: 'iceprod.main.d', dialect: 'iceprod', id: d, name: 'set d', owner: 'alice', status: 'processing' },
        units: { total: 4, by_phase: { ready: 2, held: 2 }, by_status: { waiting: 2, idle: 2 } },
      },
      {
        ...{ ref: `torc.main.${w}`, dialect: 'torc', id: w, name: 'sweep', owner: 'carol', status: 'uninitialized' },
        units: { total: 2, by_phase: { held: 2 }, by_status: { uninitialized: 2 } },
      },
      { ref: `panda.main.${t}`, dialect: 'panda', id: t, name: 'user.demo.t1/', owner: 'Demo User', phase: 'blocked' },
    ]);
    // Whatever was met first in the history.
    expect(JSON.stringify(parsed(before)[0]?.units.by_phase)).toBe('{"held":2,"ready":2}');
    expect(JSON.stringify(parsed(before)[0]?.units.by_status)).toBe('{"idle":2,"waiting":2}');
    expect(JSON.parse(before.counts)).toEqual({ iceprod: { running: 1 }, torc: { held: 1 }, panda: { blocked: 1 } });
    await host.rebuild();
    expect(await page()).toEqual(before);
    expect(await get(d)).toEqual(parsed(before)[0]);
    expect(await get(`torc.main.${w}`)).toEqual(parsed(before)[1]);
  });

  it('shows what the caller may read, and says so otherwise', async () => {
    await dataset('open');
    await dataset('closed', { access: OF_NOBODY });
    const key = await workflow('everybody');
    expect(await ids({}, ALICE)).toEqual(['open', key]);
    expect(await ids({}, BOB)).toEqual([key]);
    expect(await ids({})).toEqual(['open', 'closed', key]);
    await expect(get('closed', ALICE)).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(get('nothing', ALICE)).rejects.toMatchObject({ kind: 'not-found' });
    await expect(page({}, { ...BOB, roles: ['worker'] })).rejects.toMatchObject({ code: 'lease.not-held' });
    expect(JSON.parse((await page({}, BOB)).counts)).toEqual({ torc: { held: 1 } });
  });

  it('finds a bare id where only one workload that the caller may read has it', async () => {
    const key = await workflow('w');
    await dataset(key, { access: OF_NOBODY });
    await expect(get(key)).rejects.toMatchObject({ code: 'workload.ambiguous', kind: 'conflict' });
    expect(await get(key, ALICE)).toMatchObject({ dialect: 'torc' });
    expect(await get(`iceprod.main.${key}`)).toMatchObject({ dialect: 'iceprod' });
  });

  it('filters and sorts, page by page', async () => {
    for (const id of ['a', 'b', 'c', 'e']) await dataset(id, id === 'b' ? { username: 'bert' } : {});
    const key = await workflow('Odd One');
    await addTasks('c', 1);
    expect(await ids({ dialects: ['torc'] })).toEqual([key]);
    expect(await ids({ owner: 'bert' })).toEqual(['b']);
    expect(await ids({ owner: 'bert', order: 'progress' })).toEqual(['b']);
    expect(await ids({ text: 'oDD' })).toEqual([key]);
    expect(await ids({ text: 'set', phases: ['running'], statuses: ['processing'], descending: true })).toEqual([
      ...['e', 'c', 'b', 'a'],
    ]);
    expect(await ids({ order: 'changed', descending: true, limit: 1 })).toEqual(['c']);
    expect(await ids({ order: 'status' })).toEqual(['a', 'b', 'c', 'e', key]);
    const created = Date.parse((await get('c')).created) * 1000;
    expect(await ids({ created_from: created })).toEqual(['c', 'e', key]);
    expect(await ids({ created_to: created, descending: true, order: 'changed' })).toEqual(['b', 'a']);
    for (const order of ['created', 'changed', 'progress', 'status'] as const) {
      for (const descending of [true, false]) {
        const whole = await ids({ order, descending });
        const paged: string[] = [];
        for (let cursor: string | undefined, isLast = false; !isLast;) {
          const part = await page({ order, descending, limit: 2, ...(cursor !== undefined && { cursor }) });
          paged.push(...parsed(part).map(({ id }) => id));
          cursor = part.next;
          isLast = cursor === undefined;
        }
        expect([order, descending, paged]).toEqual([order, descending, whole]);
        expect(paged).toHaveLength(5);
      }
    }
    await expect(page({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'list.bad-cursor' });
  });

  it('follows what happens to workloads and units', async () => {
    const [key, other] = [await workflow('w'), await workflow('x')];
    await ask(InitializeJobs, { workflow: key, only_uninitialized: false, clear_ephemeral_user_data: false });
    expect(await get(key)).toMatchObject({
      status: 'ready',
      phase: 'ready',
      units: { by_phase: { ready: 1, blocked: 1 } },
    });
    expect(await units({ workload: key, phases: ['ready'] })).toMatchObject([{ title: 'first', status: 'ready' }]);
    await ask(CancelWorkflow, { workflow: key });
    expect(await get(key)).toMatchObject({ status: 'canceled', phase: 'cancelled' });
    await ask(DeleteWorkflow, { workflow: other, client: '' });
    await expect(get(other)).rejects.toMatchObject({ kind: 'not-found' });

    await dataset('d');
    await addTasks('d', 2);
    const [first] = await units({ workload: 'd', names: ['generate'], limit: 1 });
    expect(first).toMatchObject({ name: 'generate', status: 'waiting', phase: 'ready' });
    expect(await json(CountWorkloadUnits, 'd')).toMatchObject({
      ...{ ref: 'iceprod.main.d', total: 4 },
      by_name: { generate: { waiting: 2 }, filter: { idle: 2 } },
    });
    const { unit_id = '' } = first ?? {};
    await ask(SetTasksStatus, { dataset_id: 'd', tasks: [unit_id], status: 'complete' });
    expect(await get('d')).toMatchObject({ progress: 0.1, units: { by_phase: { succeeded: 1, ready: 1, held: 2 } } });
    expect(await ids({ order: 'progress', descending: true, limit: 1 })).toEqual(['d']);
    await ask(AmendTask, { task_id: unit_id, fields: '{"dataset_id":"e"}' });
    await dataset('e', { tasks_submitted: 0 });
    expect([(await get('d')).progress, (await get('e')).progress]).toEqual([0, 1]);
  });
});
