import type { Caller } from '#bus/contract.js';
import { EstimateRemaining, ExplainUnit } from '#contracts/cairn/explain.js';
import { AddTask, ClaimTasks, GetTask, ReportTask } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };

describe('explanations by the tasks service', () => {
  const host = new ServiceHost(TasksModule);

  const add = async (more: object): Promise<string> => {
    const task = { dataset_id: 'd', job_id: 'j', task_index: 0, job_index: 0, name: 'generate', depends: [] };
    return (await host.request(AddTask, { ...task, requirements: '{}', ...more }, SYSTEM)).task_id;
  };
  const claim = (requirements: string, mode: 'queue' | 'process' = 'queue') =>
    host.request(ClaimTasks, { mode, num: 1, requirements, query_params: '{}', dataset_deprio: [] }, SYSTEM);
  const explain = async (id: string): Promise<unknown> =>
    JSON.parse((await host.request(ExplainUnit, { unit_id: id }, SYSTEM)).document);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  it('say why a task does not run, and how much work is left', async () => {
    const first = await add({ status: 'waiting', requirements: '{"memory":8.0}', priority: 0.5 });
    const second = await add({ status: 'waiting', requirements: '{"memory":8.0}', priority: 0.2 });
    const last = await add({ name: 'filter', depends: [first, 'nobody'] });
    for (const mode of ['queue', 'process'] as const) {
      await expect(claim('{"memory":4}', mode)).rejects.toMatchObject({ kind: 'not-found' });
    }
    const misfit = { fits: false, misfits: [{ name: 'memory', asked: 8, offered: 4 }], filtered: false };
    expect(await explain(second)).toMatchObject({
      ...{ task_id: second, dataset_id: 'd', status: 'waiting', phase: 'ready', dataset_status: null },
      reason: 'It is ready, but fits none of the offers last seen (1): memory.',
      dependencies: { complete: true, open: 0, tasks: [] },
      requirements: { memory: 8 },
      offers: [
        { takes: 'queued', requirements: { memory: 4 }, ...misfit },
        { takes: 'waiting', requirements: { memory: 4 }, ...misfit },
      ],
      priority: { current: 0.2, due: null, steps: null, terms: null },
      queue: { ahead: 1, ahead_of_all: 1, more: false },
    });
    expect(await explain(last)).toMatchObject({
      ...{ phase: 'held', reason: `It waits for 2 tasks to complete, such as ${first} (waiting).`, queue: null },
      dependencies: {
        open: 2,
        tasks: [
          { task_id: first, status: 'waiting' },
          { task_id: 'nobody', status: null },
        ],
      },
    });

    await claim('{"memory":8,"site":"UW"}');
    expect(await explain(first)).toMatchObject({
      reason: 'It was handed to a worker at UW that has not started it yet.',
    });
    const { document } = await host.request(GetTask, { task_id: first }, SYSTEM);
    const { instance_id } = JSON.parse(document) as { instance_id: string };
    await host.request(ReportTask, { task_id: first, report: 'complete', instance_id, time_used: 7200 }, SYSTEM);
    expect(await explain(second)).toMatchObject({ queue: { ahead: 0 } });
    const remaining = await host.request(EstimateRemaining, { workload_id: 'd' }, SYSTEM);
    expect(JSON.parse(remaining.document)).toEqual({
      tasks: {
        generate: { complete: 1, remaining: 1, avg_hrs: 2, remaining_hrs: 2 },
        filter: { complete: 0, remaining: 1, avg_hrs: null, remaining_hrs: null },
      },
      ...{ remaining: 2, remaining_hrs: null },
    });
  });

  it('need the right to read the dataset', async () => {
    const id = await add({ dataset_id: 'foreign' });
    await expect(host.request(ExplainUnit, { unit_id: id }, ALICE)).rejects.toMatchObject({ kind: 'forbidden' });
    const remaining = host.request(EstimateRemaining, { workload_id: 'foreign' }, ALICE);
    await expect(remaining).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('find no unknown unit or workload', async () => {
    const unit = host.request(ExplainUnit, { unit_id: 'nobody' }, SYSTEM);
    await expect(unit).rejects.toMatchObject({ kind: 'not-found', message: 'Unit not found' });
    const remaining = host.request(EstimateRemaining, { workload_id: 'nobody' }, SYSTEM);
    await expect(remaining).rejects.toMatchObject({ kind: 'not-found', message: 'Workload not found' });
  });
});
