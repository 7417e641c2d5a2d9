import { nowMicros } from '#platform/clock.js';
import type { Caller, Contract } from '#bus/contract.js';
import { AddTask, AmendTask, ClaimTasks, EvictTasks, GetTask } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

describe('evicting tasks', () => {
  const host = new ServiceHost(TasksModule);
  beforeAll(() => host.start());
  afterAll(() => host.end());

  const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request, id?: string): Promise<Reply> =>
    host.request(contract, request, SYSTEM, id);
  const add = async (fields: object): Promise<string> => {
    const task = { dataset_id: 'd', job_id: 'j', task_index: 0, job_index: 0, name: 'n', depends: [] };
    return (await ask(AddTask, { ...task, requirements: '{}', ...fields })).task_id;
  };
  const get = async (id: string): Promise<Record<string, unknown>> =>
    JSON.parse((await ask(GetTask, { task_id: id })).document) as Record<string, unknown>;
  const evict = async (
    tasks: readonly string[],
    endedMicros = nowMicros(),
    id?: string,
  ): Promise<readonly string[]> => {
    const request = { tasks, reason: 'pilot p deleted', ended_micros: endedMicros };
    const { evicted } = await ask(EvictTasks, request, id);
    expect(evicted.map(({ dataset_id: dataset }) => dataset)).toEqual(evicted.map(() => 'd'));
    return evicted.map(({ task_id: task }) => task);
  };

  it('sets running tasks without a lease back to waiting, and counts no failure', async () => {
    const tasks = [
      await add({ status: 'processing' }),
      await add({ status: 'processing', job_index: 1 }),
      await add({ status: 'processing', instance_id: 'i' }),
      await add({ status: 'queued' }),
      await add({ status: 'complete' }),
    ];
    const [first = '', second = '', ...others] = tasks;
    await ask(AmendTask, { task_id: first, fields: '{"failures":2,"evictions":3}' });
    const before = await get(first);
    const untouched = await Promise.all(others.map(get));
    expect(await evict([...tasks, first, 'unknown'])).toEqual([first, second]);
    const after = await get(first);
    expect(after).toEqual({
      ...before,
      status: 'waiting',
      evictions: 4,
      failures: 2,
      status_changed: after['status_changed'],
    });
    expect(String(after['status_changed']) > String(before['status_changed'])).toBe(true);
    expect(await get(second)).toMatchObject({ status: 'waiting', evictions: 1, failures: 0 });
    expect(await Promise.all(others.map(get))).toEqual(untouched);
    const offer = { requirements: '{}', query_params: '{}', dataset_deprio: [] };
    const { documents } = await ask(ClaimTasks, { mode: 'queue_many', num: 9, ...offer });
    expect(documents.map((text) => (JSON.parse(text) as { task_id: string }).task_id).sort()).toEqual(
      [first, second].sort(),
    );
  });

  it('sends those with an instance back too that a pilot with heartbeats still held', async () => {
    const [running, claimed, complete, later] = [
      await add({ status: 'processing', instance_id: 'i' }),
      await add({ status: 'queued', instance_id: 'i' }),
      await add({ status: 'complete', instance_id: 'i' }),
      await add({ status: 'processing', instance_id: 'i', job_index: 7 }),
    ];
    const heartbeatMicros = nowMicros();
    await ask(AmendTask, { task_id: later, fields: '{"status_changed":"2099-01-01T00:00:00.000000"}' });
    const request = {
      tasks: [running, claimed, complete, later],
      reason: 'pilot p expired',
      ended_micros: nowMicros(),
      last_heartbeat_micros: heartbeatMicros,
    };
    const { evicted } = await ask(EvictTasks, request);
    expect(evicted.map(({ task_id: task }) => task)).toEqual([running, claimed]);
    expect(await get(running)).toMatchObject({ status: 'waiting', instance_id: '', evictions: 1, failures: 0 });
    for (const task of [running, claimed]) await ask(AmendTask, { task_id: task, fields: '{"status":"suspended"}' });
  });

  it('happens once for a repeated command', async () => {
    const task = await add({ status: 'processing' });
    const endedMicros = nowMicros();
    expect(await evict([task], endedMicros, 'order-1')).toEqual([task]);
    await ask(AmendTask, { task_id: task, fields: '{"status":"processing"}' });
    expect(await evict([task], endedMicros, 'order-1')).toEqual([task]);
    expect(await get(task)).toMatchObject({ status: 'processing', evictions: 1 });
  });

  it('does not change tasks that have started elsewhere since', async () => {
    const task = await add({ status: 'processing' });
    expect(await evict([task], nowMicros() - 3_600_000_000)).toEqual([]);
    expect(await get(task)).toMatchObject({ status: 'processing', evictions: 0 });
  });

  it('has the same result after a rebuild', async () => {
    const task = await add({ status: 'processing' });
    await evict([task]);
    const before = await get(task);
    await host.rebuild();
    expect(await get(task)).toEqual(before);
  });
});
