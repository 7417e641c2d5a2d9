import type { Caller, Contract, Page } from '#bus/contract.js';
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
import { LocateUnit } from '#contracts/cairn/history.js';
import { ServiceHost } from '#projection/testing/service-host.js';
import { TasksModule } from '../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };

interface Document extends Readonly<Record<string, unknown>> {
  readonly task_id: string;
  readonly status: string;
  readonly instance_id: string;
}

describe('tasks', () => {
  let host: ServiceHost;
  let added = 0;

  const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
    host.request(contract, request, SYSTEM);
  const add = async (dataset: string, more: Partial<Parameters<typeof taskOf>[1]> = {}): Promise<string> =>
    (await ask(AddTask, taskOf(dataset, more))).task_id;
  const taskOf = (dataset: string, more: object) => ({
    dataset_id: dataset,
    job_id: 'j',
    task_index: 0,
    job_index: (added += 1),
    name: 'generate',
    depends: [],
    requirements: '{}',
    ...more,
  });
  const get = async (id: string): Promise<Document> =>
    JSON.parse((await ask(GetTask, { task_id: id })).document) as Document;
  const pages = async <Request extends object>(contract: Contract<Request, Page>, request: Request) => {
    const entries: string[] = [];
    let cursor: string | undefined;
    do {
      const page: Page = await ask(contract, cursor === undefined ? request : { ...request, cursor });
      entries.push(...page.entries);
      cursor = page.next;
    } while (cursor !== undefined);
    return entries;
  };
  const claim = async (more: object = {}): Promise<Document[]> => {
    const request = {
      mode: 'queue_many' as const,
      num: 1,
      requirements: '{}',
      query_params: '{}',
      dataset_deprio: [],
      ...more,
    };
    const { documents } = await ask(ClaimTasks, request);
    return documents.map((document) => JSON.parse(document) as Document);
  };

  beforeEach(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });

  afterEach(() => host.end());

  it('live from being added to being complete', async () => {
    const id = await add('d', { requirements: '{"memory":4.0,"gpu":1}', status: 'waiting', priority: 0.5 });
    expect(await get(id)).toMatchObject({ status: 'waiting', priority: 0.5, instance_id: '', evictions: 0, site: '' });
    const [claimed] = await claim({ requirements: '{"gpu":1,"memory":8,"site":"UW"}' });
    expect(claimed).toMatchObject({ task_id: id, status: 'queued', site: 'UW' });
    const instance_id = claimed?.instance_id ?? '';
    expect(instance_id).toMatch(/^[0-9a-f]{32}$/);
    await ask(ReportTask, { task_id: id, report: 'processing', instance_id });
    await ask(ReportTask, { task_id: id, report: 'reset', instance_id, resources: '{"time":1.5,"memory":5}' });
    expect(await get(id)).toMatchObject({
      status: 'waiting',
      failures: 1,
      walltime_err: 1.5,
      walltime_err_n: 1,
      requirements: { memory: 7.5, gpu: 1, time: 2.25 },
      instance_id: '',
    });
    const [again] = await claim({ mode: 'queue' });
    const ticket = { task_id: id, instance_id: again?.instance_id ?? '' };
    await ask(ReportTask, { ...ticket, report: 'complete', time_used: 7200 });
    expect(await get(id)).toMatchObject({ status: 'complete', walltime: 2, site: 'unknown' });
    expect((await ask(CountTasks, { dataset_id: 'd' })).document).toBe('{"complete":1}');
    expect((await ask(CountTasks, { gpu: true })).document).toBe('{"complete":1}');
    expect((await ask(CountTasks, { gpu: false })).document).toBe('{}');
  });
});
