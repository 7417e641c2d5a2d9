import type { Caller, Contract, Page } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { LocateUnit } from '#contracts/cairn/history.js';
import { ListJobs } from '#contracts/iceprod/jobs.js';
import {
  ActOnTasks,
  AddTask,
  AddTasks,
  AmendTask,
  ClaimTasks,
  CountTasks,
  CountTasksByName,
  GetTask,
  ListTasks,
  PromoteTasks,
  QueryTasks,
  QueueTasks,
  ReportTask,
  SetRequirements,
  SetTasksStatus,
  SetTaskStatus,
  SummarizeTasks,
  TaskStatistics,
} from '#contracts/iceprod/tasks.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { submitDataset } from '../testing/submit-dataset.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };
const BOB: Caller = { ...ALICE, subject: 'bob', username: 'bob', groups: [] };

interface Document extends Readonly<Record<string, unknown>> {
  readonly task_id: string;
  readonly status: string;
  readonly instance_id: string;
}

describe('the tasks service', () => {
  let host: ServiceHost;
  let added: number;

  const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request, caller = SYSTEM): Promise<Reply> =>
    host.request(contract, request, caller);

  const add = async (datasetId: string, more: object = {}): Promise<string> => {
    const request = {
      ...{ dataset_id: datasetId, job_id: 'j', task_index: 0, job_index: (added += 1), name: 'generate' },
      ...{ depends: [], requirements: '{}' },
    };
    return (await ask(AddTask, { ...request, ...more })).task_id;
  };

  const get = async (id: string): Promise<Document> =>
    JSON.parse((await ask(GetTask, { task_id: id })).document) as Document;

  const pages = async <Request extends object>(
    contract: Contract<Request, Page>,
    request: Request,
  ): Promise<string[]> => {
    const entries: string[] = [];
    let cursor: string | undefined;
    do {
      const page: Page = await ask(contract, cursor === undefined ? request : { ...request, cursor });
      entries.push(...page.entries);
      cursor = page.next;
    } while (cursor !== undefined);
    return entries;
  };

  const listed = async (datasetId: string, more: object = {}): Promise<string[]> =>
    Object.keys(JSON.parse(`{${(await pages(ListTasks, { dataset_id: datasetId, ...more })).join(',')}}`) as object);

  const queried = async (request: object = {}): Promise<unknown[]> =>
    (await pages(QueryTasks, { keys: ['task_id'], ...request })).map((text) => (JSON.parse(text) as Document).task_id);

  const claim = async (more: object = {}): Promise<Document[]> => {
    const request = {
      ...{ mode: 'queue_many' as const, num: 1, requirements: '{}', query_params: '{}', dataset_deprio: [] },
      ...more,
    };
    const { documents } = await ask(ClaimTasks, request);
    return documents.map((document) => JSON.parse(document) as Document);
  };

  /** Submits a dataset and waits until the service shows it. */
  const submit = async (datasetId: string, facts: Partial<DatasetSubmitted> = {}): Promise<void> => {
    const access = { read_groups: ['users'], write_groups: ['admin'], read_users: ['alice'], write_users: ['alice'] };
    const position = await submitDataset(host.ledger, datasetId, { dataset: 1, access, ...facts });
    await ask(WaitForPosition('tasks'), { position });
  };

  beforeEach(async () => {
    added = 0;
    host = new ServiceHost(TasksModule);
    await host.start();
  });

  afterEach(() => host.end());

  it('carries a task from its addition to its completion', async () => {
    const id = await add('d', { requirements: '{"memory":4.0,"gpu":1}', status: 'waiting', priority: 0.5 });
    expect(await get(id)).toMatchObject({ status: 'waiting', priority: 0.5, instance_id: '', evictions: 0, site: '' });
    const [claimed] = await claim({ requirements: '{"gpu":1,"memory":8,"site":"UW"}' });
    expect(claimed).toMatchObject({ task_id: id, status: 'queued', site: 'UW' });
    const instance_id = claimed?.instance_id ?? '';
    expect(instance_id).toMatch(/^[0-9a-f]{32}$/);
    await ask(ReportTask, { task_id: id, report: 'processing', instance_id });
    await ask(ReportTask, { task_id: id, report: 'reset', instance_id, resources: '{"time":1.5,"memory":5}' });
    expect(await get(id)).toMatchObject({
      ...{ status: 'waiting', failures: 1, walltime_err: 1.5, walltime_err_n: 1, instance_id: '' },
      requirements: { memory: 7.5, gpu: 1, time: 2.25 },
    });
    const [again] = await claim({ mode: 'queue' });
    const lease = { task_id: id, instance_id: again?.instance_id ?? '' };
    await ask(ReportTask, { ...lease, report: 'complete', time_used: 7200 });
    expect(await get(id)).toMatchObject({ status: 'complete', walltime: 2, site: 'unknown' });
    expect((await ask(CountTasks, { dataset_id: 'd' })).document).toBe('{"complete":1}');
    expect((await ask(CountTasks, { gpu: true })).document).toBe('{"complete":1}');
    expect((await ask(CountTasks, { gpu: false })).document).toBe('{}');
  });

  it('lets plain users read and write as the rule of the dataset says', async () => {
    await submit('d');
    const task_id = await add('d');
    const read = { dataset_id: 'd', task_id };
    const write = { ...read, status: 'waiting' };
    await expect(ask(GetTask, read, ALICE)).resolves.toBeDefined();
    await expect(ask(SetTaskStatus, write, ALICE)).resolves.toEqual({});
    const denied = { kind: 'forbidden', message: 'authorization failed' };
    await expect(ask(GetTask, read, BOB)).rejects.toMatchObject(denied);
    await expect(ask(SetTaskStatus, write, BOB)).rejects.toMatchObject(denied);
    await expect(ask(ActOnTasks, { dataset_id: 'd', action: 'reset' }, BOB)).rejects.toMatchObject(denied);
    await expect(ask(CountTasks, { dataset_id: 'd' }, BOB)).rejects.toMatchObject(denied);
    await expect(ask(LocateUnit, { unit_id: task_id }, BOB)).rejects.toMatchObject(denied);
    await expect(ask(LocateUnit, { unit_id: task_id }, ALICE)).resolves.toEqual({
      ...{ stream: 'work-iceprod.main.d', ordinal: 0 },
    });
    const unknown = { kind: 'forbidden', message: 'attr not found' };
    await expect(ask(ListTasks, { dataset_id: 'nobody' }, ALICE)).rejects.toMatchObject(unknown);
    await expect(ask(ListTasks, { dataset_id: 'nobody', statuses: ['melted'] }, ALICE)).rejects.toMatchObject(unknown);
  });

  it('hands out tasks of a dataset only while it is processing', async () => {
    await add('d', { status: 'waiting' });
    const nothing = { kind: 'not-found', message: 'Task not found' };
    await submit('d', { status: 'suspended' });
    await expect(claim()).rejects.toMatchObject(nothing);
    await add('e', { status: 'waiting' });
    await expect(claim()).resolves.toHaveLength(1);
    await expect(claim()).rejects.toMatchObject(nothing);
  });

  it('lists by filter in order of creation, the tasks moved there last', async () => {
    const ids = [
      await add('d', { status: 'waiting', name: 'a', job_id: 'j1' }),
      await add('d', { status: 'idle', name: 'b', job_id: 'j1', job_index: 7 }),
      await add('d', { status: 'failed', name: 'a', job_id: 'j2' }),
    ];
    const moved = await add('e', { name: 'a' });
    await ask(AmendTask, { task_id: moved, fields: '{"dataset_id":"d","grid_id":"g"}' });
    const [first = '', second = '', third = ''] = ids;
    expect(await listed('d')).toEqual([first, second, third, moved]);
    expect(await listed('e')).toEqual([]);
    expect(await listed('d', { statuses: ['failed', 'waiting'] })).toEqual([first, third]);
    expect(await listed('d', { statuses: ['reset'] })).toEqual([]);
    expect(await listed('d', { names: ['a', 'nobody'] })).toEqual([first, third, moved]);
    expect(await listed('d', { job_id: 'j1' })).toEqual([first, second]);
    expect(await listed('d', { job_index: 7 })).toEqual([second]);
    expect(await listed('d', { grid_id: 'g' })).toEqual([moved]);
    expect(await listed('nobody')).toEqual([]);
    await expect(listed('d', { statuses: ['melted'] })).rejects.toMatchObject({ message: 'Unknown task status' });
    const [entry] = await pages(ListTasks, { dataset_id: 'd', keys: ['requirements.gpu', 'nonsense'] });
    expect(entry).toBe(`"${first}":{"task_id":"${first}","requirements":{}}`);
    expect(await pages(SummarizeTasks, { dataset_id: 'd' })).toEqual([
      `["idle",["${second}"]]`,
      `["idle",["${moved}"]]`,
      `["waiting",["${first}"]]`,
      `["failed",["${third}"]]`,
    ]);
    await expect(ask(GetTask, { task_id: moved, dataset_id: 'e' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('queries all datasets by status, site and order', async () => {
    const a = await add('d', { priority: 1 });
    const b = await add('e', { priority: 3, requirements: '{"memory":2}' });
    const c = await add('d', { priority: 3, requirements: '{"memory":10}', status: 'waiting' });
    for (const [task_id, site] of [
      [a, 'foo'],
      [b, 'foo.bar'],
      [c, 'fo'],
    ] as const) {
      await ask(AmendTask, { task_id, fields: JSON.stringify({ site }) });
    }
    expect(await queried()).toEqual([a, b, c]);
    expect(await queried({ statuses: ['idle', 'nonsense'] })).toEqual([a, b]);
    expect(await queried({ statuses: ['nonsense'] })).toEqual([]);
    expect(await queried({ site: 'foo' })).toEqual([a, b]);
    expect(await queried({ site: 'fo.' })).toEqual([]);
    const byPriority = { field: 'priority', descending: true };
    expect(await queried({ sort: [byPriority] })).toEqual([b, c, a]);
    expect(await queried({ sort: [byPriority], limit: 1 })).toEqual([b]);
    expect(await queried({ sort: [byPriority, { field: 'requirements.memory', descending: true }] })).toEqual([
      c,
      b,
      a,
    ]);
    expect(await queried({ sort: [{ field: 'requirements.memory', descending: false }] })).toEqual([a, b, c]);
    expect(await queried({ limit: 2 })).toEqual([a, b]);
    const [document] = await pages(QueryTasks, { limit: 1, keys: ['depends'] });
    expect(document).toBe('{"depends":[]}');
  });

  it('pages long answers without a gap, sorted or not', async () => {
    const tasks = [
      { name: 'a'.repeat(200), depends: [], requirements: '{}', priority: 1 },
      { name: 'b', depends: [0], requirements: '{}', priority: 2 },
    ];
    const count = 700;
    expect(await ask(AddTasks, { dataset_id: 'd', first_job_index: 0, count, tasks })).toEqual({
      ...{ jobs: count, tasks: 2 * count },
    });
    const ids = await listed('d');
    expect(new Set(ids).size).toBe(2 * count);
    expect(await pages(ListJobs, { dataset_id: 'd' })).toHaveLength(count);
    const everything = await pages(QueryTasks, {});
    expect(everything.map((text) => (JSON.parse(text) as Document).task_id).sort()).toEqual([...ids].sort());
    const sort = [{ field: 'priority', descending: true }];
    const sorted = (await pages(QueryTasks, { sort })).map(
      (text) => (JSON.parse(text) as { priority: number }).priority,
    );
    expect(sorted).toEqual([...Array<number>(count).fill(2), ...Array<number>(count).fill(1)]);
    expect(await queried({ statuses: ['idle'], limit: 1000 })).toEqual(ids.slice(0, 1000));
    expect(await queried({ statuses: ['idle', 'idle'] })).toEqual(ids);
  });

  it('counts and computes statistics by name, in the order of the tasks', async () => {
    const complete = { status: 'complete', task_index: 1, name: '__proto__' };
    const ids = [await add('d', { ...complete, requirements: '{"gpu":2}' }), await add('d', complete)];
    await add('d', { name: 'first', task_index: 0 });
    await ask(AmendTask, { task_id: ids[0] ?? '', fields: '{"walltime":2.0,"walltime_err":1}' });
    await ask(AmendTask, { task_id: ids[1] ?? '', fields: '{"walltime":3.0}' });
    expect((await ask(CountTasksByName, { dataset_id: 'd' })).document).toBe(
      '{"first":{"idle":1},"__proto__":{"complete":2}}',
    );
    expect((await ask(TaskStatistics, { dataset_id: 'd' })).document).toBe(
      '{"__proto__":{"count":2,"gpu":2,"total_hrs":5,"total_err_hrs":1,"avg_hrs":2.5,' +
        '"stddev_hrs":0.7071067811865476,"min_hrs":2,"max_hrs":3,"efficiency":0.8333333333333334}}',
    );
    await ask(SetTasksStatus, { tasks: [ids[0] ?? ''], status: 'failed' });
    expect((await ask(TaskStatistics, { dataset_id: 'd' })).document).toContain('"stddev_hrs":null');
    expect((await ask(CountTasks, { statuses: ['failed', 'reset'] })).document).toBe('{"failed":1}');
    await expect(ask(CountTasks, { statuses: ['melted'] })).rejects.toMatchObject({ kind: 'invalid' });
    expect((await ask(TaskStatistics, { dataset_id: 'nobody' })).document).toBe('{}');
  });

  it('gives no task to two concurrent claims', async () => {
    const count = 200;
    const tasks = [{ name: 'n', depends: [], requirements: '{}', status: 'waiting' }];
    await ask(AddTasks, { dataset_id: 'd', first_job_index: 0, count, tasks });
    const taken: string[] = [];
    const worker = async (): Promise<void> => {
      for (;;) {
        const claimed = await claim({ mode: 'queue' }).catch(() => []);
        if (claimed.length === 0) return;
        for (const { task_id, instance_id } of claimed) {
          taken.push(task_id);
          await ask(ReportTask, { task_id, instance_id, report: 'complete' });
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(taken).toHaveLength(count);
    expect(new Set(taken).size).toBe(count);
    expect((await ask(CountTasks, { dataset_id: 'd' })).document).toBe(`{"complete":${count}}`);
  });

  it('answers the same after its tables were rebuilt', async () => {
    await submit('d');
    const tasks = [
      { name: 'a', depends: [], requirements: '{"memory":4.0}', status: 'waiting' },
      { name: 'b', depends: [0], requirements: '{"gpu":1}' },
    ];
    await ask(AddTasks, { dataset_id: 'd', first_job_index: 0, count: 30, tasks });
    const single = await add('e', { depends: (await listed('d')).slice(0, 2), status: 'waiting' });
    for (const { task_id, instance_id } of await claim({ num: 5, dataset_deprio: ['e'] })) {
      await ask(ReportTask, { task_id, instance_id, report: 'failed', resources: '{"memory":3,"time":2}' });
    }
    await ask(PromoteTasks, { task_ids: (await listed('d', { names: ['b'] })).slice(0, 10) });
    await ask(QueueTasks, { num_tasks: 3, dataset_prio: { e: 1 } });
    await ask(SetRequirements, { dataset_id: 'd', name: 'b', mode: 'merge', requirements: '{"memory":2.50}' });
    await ask(ActOnTasks, { dataset_id: 'd', action: 'reset' });
    await ask(AmendTask, { task_id: single, fields: '{"dataset_id":"d","status":"melted","x":[1.0]}' });
    const everything = async () => ({
      documents: await pages(QueryTasks, {}),
      lists: [await pages(ListTasks, { dataset_id: 'd' }), await pages(ListTasks, { dataset_id: 'e' })],
      summary: await pages(SummarizeTasks, { dataset_id: 'd' }),
      counts: await ask(CountTasks, {}),
      names: await ask(CountTasksByName, { dataset_id: 'd' }),
      statistics: await ask(TaskStatistics, { dataset_id: 'd' }),
      home: await ask(LocateUnit, { unit_id: single }),
    });
    const before = await everything();
    await host.rebuild();
    expect(await everything()).toEqual(before);
    // Claims go on from there: each hands out the tasks whose dependencies are complete.
    await ask(SetTasksStatus, { tasks: await listed('d'), status: 'waiting' });
    for (const claimable of [30, 30, 1]) {
      const claimed = (await claim({ num: 100 })).map(({ task_id }) => task_id);
      expect(claimed).toHaveLength(claimable);
      await ask(SetTasksStatus, { tasks: claimed, status: 'complete' });
    }
  });
});
