import { Controller, Module } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { type Answer, type Caller, type Contract, type Message, type Page } from '#bus/contract.js';
import {
  EndPilot,
  GetGrid,
  GetPilot,
  ListGrids,
  ListPilots,
  RegisterGrid,
  ReportGrid,
  ReportPilot,
  StartPilot,
} from '#contracts/iceprod/pilots.js';
import { AddLog, type AddLogRequest } from '#contracts/iceprod/logs.js';
import { type EvictedTask, EvictTasks, type EvictTasksRequest } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { PilotWatch, SILENCE_MS_MAX } from './iceprod/pilot/pilot-watch.js';
import { PilotsModule } from './pilots.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const LATER_MICROS = (SILENCE_MS_MAX + 60_000) * 1000;

/** Whether the tasks service answers, and what it has been ordered. */
const tasksService = {
  answers: true,
  takesLogs: true,
  orders: [] as Message<EvictTasksRequest>[],
  logs: [] as Message<AddLogRequest>[],
};

const DOWN = { error: { kind: 'unavailable', code: 'test.down', message: 'down' } } as const;

@Controller()
class TestController {
  @MessagePattern(EvictTasks.subject)
  evict(@Payload() message: Message<EvictTasksRequest>): Answer<{ evicted: readonly EvictedTask[] }> {
    tasksService.orders.push(message);
    if (tasksService.answers)
      return { reply: { evicted: message.request.tasks.map((task) => ({ task_id: task, dataset_id: 'd' })) } };
    return DOWN;
  }

  @MessagePattern(AddLog.subject)
  addLog(@Payload() message: Message<AddLogRequest>): Answer<{ log_id: string }> {
    tasksService.logs.push(message);
    return tasksService.takesLogs ? { reply: { log_id: 'l' } } : DOWN;
  }
}

@Module({ imports: [PilotsModule], controllers: [TestController] })
class TestModule {}

let host: ServiceHost;

beforeEach(async () => {
  Object.assign(tasksService, { answers: true, takesLogs: true, orders: [], logs: [] });
  host = new ServiceHost(TestModule);
  await host.start();
});
afterEach(() => host.end());

const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
  host.request(contract, request, SYSTEM);

const look = (atMicros: number): Promise<void> => host.part(PilotWatch).look(atMicros);

const listed = async <Request extends object>(contract: Contract<Request, Page>, request: Request): Promise<string> => {
  const entries: string[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await ask(contract, cursor === undefined ? request : { ...request, cursor });
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return `{${entries.join(',')}}`;
};

const start = async (fields: object = {}): Promise<string> => {
  const body = { queue_host: 'q', queue_version: '2.7', resources: { cpu: 4 }, ...fields };
  return (await ask(StartPilot, { description: JSON.stringify(body) })).pilot_id;
};

const refusal = (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'accepted',
    (error: unknown) => {
      const { kind, message } = error as { kind?: string; message: string };
      return `${kind ?? 'no refusal'}: ${message}`;
    },
  );

const factsOf = async (pilotId: string): Promise<readonly string[]> =>
  (await host.ledger.readStream(`worker-iceprod.main.${pilotId}`)).map(({ type }) => type);

/** Waits for a fact about a pilot: the test's own time limit ends it when the fact never comes. */
const fact = async (pilotId: string, type: string): Promise<void> => {
  for await (const { events } of host.ledger.subscribe({ streamPrefixes: [`worker-iceprod.main.${pilotId}`] })) {
    if (events.some((event) => event.type === type)) return;
  }
};

describe('grids', () => {
  it('are kept to the letter and show the time of their last report', async () => {
    const description = '{"host":"sub-1","x":1.0,"queues":{"b":"HTCondor","a":"s"},"version":"3.2","grid_id":"mine"}';
    const { grid_id: id } = await ask(RegisterGrid, { description });
    const { document } = await ask(GetGrid, { grid_id: id });
    const { start_date: started } = JSON.parse(document) as { start_date: string };
    expect(document).toBe(
      `{"grid_id":"${id}","host":"sub-1","queues":{"b":"HTCondor","a":"s"},"version":"3.2","start_date":"${started}",` +
        `"last_update":"${started}","debug":false,"username":"grid","x":1.0}`,
    );
    const after = (await ask(ReportGrid, { grid_id: id, fields: '{"queues.a":"t","last_update":"never"}' })).document;
    expect(JSON.parse(after)).toMatchObject({ queues: { b: 'HTCondor', a: 't' }, start_date: started });
    const { last_update: updated } = JSON.parse(after) as { last_update: string };
    expect(updated > started).toBe(true);
    expect((await ask(GetGrid, { grid_id: id })).document).toBe(after);
    const tooLong = `{"x":"${'y'.repeat(256 * 1024)}"}`;
    expect(await refusal(ask(ReportGrid, { grid_id: id, fields: tooLong }))).toBe('invalid: Update data too large');
    expect(await refusal(ask(ReportGrid, { grid_id: id, fields: '{}' }))).toBe('invalid: Missing update data');
    expect(await refusal(ask(ReportGrid, { grid_id: id, fields: '{"grid_id":"other"}' }))).toBe(
      'invalid: invalid value for grid_id',
    );
    expect(await refusal(ask(ReportGrid, { grid_id: 'nope', fields: '{"a":1}' }))).toBe('not-found: Grid not found');
    await host.rebuild();
    expect(await listed(ListGrids, {})).toBe(`{"${id}":${after}}`);
  });
});

describe('pilots', () => {
  it('are found by their fields, in the order of their creation', async () => {
    const first = await start({ host: 'n1', site: 'UW' });
    const second = await start({ host: 'n2', grid_id: 7 });
    const third = await start({ host: 'n1', grid_id: 'g' });
    const ids = async (filters: object): Promise<readonly string[]> =>
      Object.keys(JSON.parse(await listed(ListPilots, filters)) as object);
    expect(await ids({})).toEqual([first, second, third]);
    expect(await ids({ host: 'n1' })).toEqual([first, third]);
    expect(await ids({ host: 'n1', site: 'UW' })).toEqual([first]);
    expect(await ids({ grid_id: 'g' })).toEqual([third]);
    expect(await ids({ grid_id: '7' })).toEqual([]);
    expect(await listed(ListPilots, { host: 'n2', keys: ['resources.cpu', 'nope'] })).toBe(
      `{"${second}":{"pilot_id":"${second}","resources":{"cpu":4}}}`,
    );
  });

  it('are listed whole when they are many', async () => {
    const ids = await Promise.all(Array.from({ length: 700 }, () => start()));
    expect(Object.keys(JSON.parse(await listed(ListPilots, { queue_host: 'q' })) as object)).toEqual(ids.sort());
  });

  it('keep a list of tasks that is one', async () => {
    const id = await start();
    const report = (fields: string): Promise<unknown> => ask(ReportPilot, { pilot_id: id, fields });
    expect(await refusal(report('{"tasks":"t"}'))).toBe('invalid: invalid value for tasks');
    expect(await refusal(report('{"tasks":[1]}'))).toBe('invalid: invalid value for tasks');
    expect(await refusal(report(JSON.stringify({ tasks: ['x'.repeat(130 * 1024)] })))).toBe('invalid: too many tasks');
    expect(await refusal(report('{}'))).toBe('invalid: Missing update data');
    await report('{"tasks":["a"]}');
    await report('{"tasks.1":"b"}');
    expect(JSON.parse((await ask(GetPilot, { pilot_id: id })).document)).toMatchObject({ tasks: ['a', 'b'] });
    expect(await factsOf(id)).toEqual(['WorkerStarted', 'WorkerReported', 'WorkerReported']);
  });

  it('release their tasks when they are deleted', async () => {
    const id = await start({ tasks: ['a', 'b'] });
    await ask(EndPilot, { pilot_id: id });
    expect(tasksService.orders.map(({ request }) => request)).toMatchObject([
      { tasks: ['a', 'b'], reason: `pilot ${id} deleted` },
    ]);
    expect(tasksService.orders[0]?.context.caller.subject).toBe('grid');
    expect(await factsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
    expect(await refusal(ask(GetPilot, { pilot_id: id }))).toBe('not-found: Pilot not found');
    expect(await refusal(ask(EndPilot, { pilot_id: id }))).toBe('not-found: Pilot not found');
    expect(await refusal(ask(ReportPilot, { pilot_id: id, fields: '{"a":1}' }))).toBe('not-found: Pilot not found');
  });

  it('leave a log with each task that they released', async () => {
    const id = await start({ tasks: ['a', 'b'] });
    tasksService.takesLogs = false;
    await ask(EndPilot, { pilot_id: id });
    expect(await factsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded']);
    tasksService.takesLogs = true;
    tasksService.logs = [];
    await fact(id, 'WorkerUnitsReleased');
    expect(tasksService.logs.map(({ request }) => request)).toEqual(
      ['a', 'b'].map((task) => ({
        task_id: task,
        dataset_id: 'd',
        name: 'stdlog',
        fields: JSON.stringify({ task_id: task, dataset_id: 'd', name: 'stdlog' }),
        data: { raw: JSON.stringify(`pilot ${id} deleted while it held this task; the task waits again\n`) },
      })),
    );
    expect(tasksService.logs.map(({ context }) => context.commandId)).toEqual([
      `pilot-ended/${id}/log/a`,
      `pilot-ended/${id}/log/b`,
    ]);
  });

  it('that held nothing end without a word to the tasks service', async () => {
    const id = await start({ tasks: ['a'] });
    await ask(ReportPilot, { pilot_id: id, fields: '{"tasks":[]}' });
    await ask(EndPilot, { pilot_id: id });
    expect(tasksService.orders).toEqual([]);
    expect(await factsOf(id)).toEqual(['WorkerStarted', 'WorkerReported', 'WorkerEnded']);
  });

  it('release their tasks later when the tasks service does not answer, under the same name each time', async () => {
    const id = await start({ tasks: ['a'] });
    tasksService.answers = false;
    await ask(EndPilot, { pilot_id: id });
    expect(await factsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded']);
    tasksService.answers = true;
    await fact(id, 'WorkerUnitsReleased');
    expect(tasksService.orders.length).toBeGreaterThan(1);
    expect(new Set(tasksService.orders.map(({ context }) => context.commandId)).size).toBe(1);
  });

  it('release what an earlier process left behind, also after losing the read model', async () => {
    const id = await start({ tasks: ['a'] });
    tasksService.answers = false;
    await ask(EndPilot, { pilot_id: id });
    await host.stop();
    tasksService.answers = true;
    await host.start();
    await fact(id, 'WorkerUnitsReleased');
    const { length } = tasksService.orders;
    await host.rebuild();
    await start();
    expect(tasksService.orders).toHaveLength(length);
  });

  it('are taken for lost after two weeks of silence', async () => {
    const silent = await start({ tasks: ['a'] });
    const atMicros = nowMicros() + LATER_MICROS;
    await look(atMicros - 2 * 60_000_000);
    expect(await factsOf(silent)).toEqual(['WorkerStarted']);
    await look(atMicros);
    expect(await factsOf(silent)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
    expect(tasksService.orders[0]?.request).toMatchObject({ tasks: ['a'], reason: `pilot ${silent} expired` });
    await look(atMicros);
    expect(tasksService.orders).toHaveLength(1);
  });

  it('are given one whole limit after a start', async () => {
    const id = await start();
    const beforeMicros = nowMicros();
    await host.stop();
    await host.start();
    // The pilot has been silent for the limit, but the service has not listened for so long.
    await look(beforeMicros + SILENCE_MS_MAX * 1000);
    expect(await factsOf(id)).toEqual(['WorkerStarted']);
  });
});
