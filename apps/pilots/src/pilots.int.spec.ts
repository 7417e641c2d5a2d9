import { Controller, Module } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { DomainErrorValue } from '#platform/domain-error.js';
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
import { FindWorker } from '#contracts/explain.js';
import { AddLog, type AddLogRequest } from '#contracts/iceprod/logs.js';
import { type EvictedTask, EvictTasks, type EvictTasksRequest } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { Heartbeats } from './heartbeat/heartbeats.js';
import { DEFAULT_TIMEOUT_SECONDS } from './iceprod/pilot/heartbeat-timeout.js';
import { PilotWatchdog } from './iceprod/pilot/pilot-watchdog.js';
import { PilotsModule } from './pilots.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const TWO_WEEKS = DEFAULT_TIMEOUT_SECONDS * SECOND;

/** Whether the tasks service answers, and what it has been ordered. */
const tasksService = {
  answers: true,
  refusesLogs: undefined as DomainErrorValue | undefined,
  orders: [] as Message<EvictTasksRequest>[],
  logs: [] as Message<AddLogRequest>[],
};

const DOWN: DomainErrorValue = { kind: 'unavailable', code: 'test.down', message: 'down' };
const FULL: DomainErrorValue = { kind: 'too-large', code: 'quota.exceeded', message: 'full' };

@Controller()
class TestController {
  @MessagePattern(EvictTasks.subject)
  evict(@Payload() message: Message<EvictTasksRequest>): Answer<{ evicted: readonly EvictedTask[] }> {
    tasksService.orders.push(message);
    if (tasksService.answers)
      return { reply: { evicted: message.request.tasks.map((task) => ({ task_id: task, dataset_id: 'd' })) } };
    return { error: DOWN };
  }

  @MessagePattern(AddLog.subject)
  addLog(@Payload() message: Message<AddLogRequest>): Answer<{ log_id: string }> {
    tasksService.logs.push(message);
    const { refusesLogs: error } = tasksService;
    return error === undefined ? { reply: { log_id: 'l' } } : { error };
  }
}

@Module({ imports: [PilotsModule], controllers: [TestController] })
class TestModule {}

let host: ServiceHost;

beforeEach(async () => {
  Object.assign(tasksService, { answers: true, refusesLogs: undefined, orders: [], logs: [] });
  host = new ServiceHost(TestModule);
  await host.start();
});
afterEach(() => host.end());

const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
  host.request(contract, request, SYSTEM);

const checkAt = (micros: number): Promise<void> => host.part(PilotWatchdog).check(micros);

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

const eventsOf = async (pilotId: string): Promise<readonly string[]> =>
  (await host.ledger.readStream(`worker-iceprod.main.${pilotId}`)).map(({ type }) => type);

/** Waits for an event of a pilot; the time limit of the test ends the wait. */
const eventOf = async (pilotId: string, type: string): Promise<void> => {
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
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerReported', 'WorkerReported']);
  });

  it('release their tasks when they are deleted', async () => {
    const id = await start({ tasks: ['a', 'b'] });
    await ask(EndPilot, { pilot_id: id });
    expect(tasksService.orders.map(({ request }) => request)).toMatchObject([
      { tasks: ['a', 'b'], reason: `pilot ${id} deleted` },
    ]);
    expect(tasksService.orders[0]?.context.caller.subject).toBe('grid');
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
    expect(await refusal(ask(GetPilot, { pilot_id: id }))).toBe('not-found: Pilot not found');
    expect(await refusal(ask(EndPilot, { pilot_id: id }))).toBe('not-found: Pilot not found');
    expect(await refusal(ask(ReportPilot, { pilot_id: id, fields: '{"a":1}' }))).toBe('not-found: Pilot not found');
  });

  it('release their tasks also when the dataset may hold no more logs', async () => {
    const id = await start({ tasks: ['a', 'b'] });
    tasksService.refusesLogs = FULL;
    await ask(EndPilot, { pilot_id: id });
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
  });

  it('leave a log with each task that they released', async () => {
    const id = await start({ tasks: ['a', 'b'] });
    tasksService.refusesLogs = DOWN;
    await ask(EndPilot, { pilot_id: id });
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded']);
    tasksService.refusesLogs = undefined;
    tasksService.logs = [];
    await eventOf(id, 'WorkerUnitsReleased');
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
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerReported', 'WorkerEnded']);
  });

  it('release their tasks later when the tasks service does not answer, under the same name each time', async () => {
    const id = await start({ tasks: ['a'] });
    tasksService.answers = false;
    await ask(EndPilot, { pilot_id: id });
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerEnded']);
    tasksService.answers = true;
    await eventOf(id, 'WorkerUnitsReleased');
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
    await eventOf(id, 'WorkerUnitsReleased');
    const { length } = tasksService.orders;
    await host.rebuild();
    await start();
    expect(tasksService.orders).toHaveLength(length);
  });

  it('end after two weeks without a report', async () => {
    const silent = await start({ tasks: ['a'] });
    const dueMicros = nowMicros() + TWO_WEEKS;
    await checkAt(dueMicros - MINUTE);
    expect(await eventsOf(silent)).toEqual(['WorkerStarted']);
    await checkAt(dueMicros);
    expect(await eventsOf(silent)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
    const reason = `pilot ${silent} expired: no heartbeat for 14 days`;
    expect(tasksService.orders[0]?.request).toMatchObject({ tasks: ['a'], reason });
    await checkAt(dueMicros);
    expect(tasksService.orders).toHaveLength(1);
  });

  it('end when the heartbeats that they promised have stopped, and their tasks are released', async () => {
    const [lost, alive] = [
      await start({ tasks: ['a'], heartbeat_seconds: 90 }),
      await start({ tasks: ['b'], heartbeat_seconds: 90 }),
    ];
    const startedMicros = nowMicros();
    await checkAt(startedMicros + 60 * SECOND);
    host.part(Heartbeats).record(`worker-iceprod.main.${alive}`, startedMicros + 60 * SECOND);
    await checkAt(startedMicros + 100 * SECOND);
    expect(await eventsOf(alive)).toEqual(['WorkerStarted']);
    expect(await eventsOf(lost)).toEqual(['WorkerStarted', 'WorkerEnded', 'WorkerUnitsReleased']);
    const reason = `pilot ${lost} expired: no heartbeat for 90 seconds`;
    expect(tasksService.orders.map(({ request }) => request)).toMatchObject([{ tasks: ['a'], reason }]);
    // The heartbeat of a pilot that has sent none is its start.
    const heartbeatMicros = Number(tasksService.orders[0]?.request.last_heartbeat_micros);
    expect(heartbeatMicros).toBeLessThanOrEqual(startedMicros);
    expect(tasksService.logs[0]?.request.data).toEqual({
      raw: JSON.stringify(`${reason} while it held this task; the task waits again\n`),
    });
    await checkAt(startedMicros + 150 * SECOND);
    expect(tasksService.orders).toHaveLength(2);
  });

  it('may change how often they send heartbeats', async () => {
    const id = await start({ heartbeat_seconds: 30 });
    for (const wrong of ['29', '1.5', '"60"', String(DEFAULT_TIMEOUT_SECONDS + 1)]) {
      const refused = await refusal(ask(ReportPilot, { pilot_id: id, fields: `{"heartbeat_seconds":${wrong}}` }));
      expect(refused).toBe('invalid: invalid value for heartbeat_seconds');
    }
    await ask(ReportPilot, { pilot_id: id, fields: '{"heartbeat_seconds":3600}' });
    const micros = nowMicros();
    await checkAt(micros + 59 * MINUTE);
    expect(await eventsOf(id)).toEqual(['WorkerStarted', 'WorkerReported']);
    await checkAt(micros + 60 * MINUTE);
    expect(await eventsOf(id)).toContain('WorkerEnded');
  });

  it('send heartbeats that are no events, and show the last one, after a restart and a rebuild too', async () => {
    const id = await start({ tasks: ['a'] });
    const lastUpdate = async (): Promise<unknown> => {
      const { document } = await ask(GetPilot, { pilot_id: id });
      return (JSON.parse(document) as Record<string, unknown>)['last_update'];
    };
    const before = await lastUpdate();
    const { document } = await ask(ReportPilot, { pilot_id: id, fields: '{"tasks":["a"]}' });
    const { last_update: heartbeat } = JSON.parse(document) as { last_update: string };
    expect(heartbeat > String(before)).toBe(true);
    expect(await lastUpdate()).toBe(heartbeat);
    expect(await listed(ListPilots, { keys: ['last_update'] })).toContain(heartbeat);
    await host.rebuild();
    expect(await lastUpdate()).toBe(heartbeat);
    expect(await eventsOf(id)).toEqual(['WorkerStarted']);
  });

  it('are found by the tasks that they list', async () => {
    const id = await start({ tasks: ['a', 'b'], host: 'n1', site: 'UW', heartbeat_seconds: 60 });
    const worker = { worker_id: id, host: 'n1', site: 'UW', heartbeat_seconds: 60 };
    expect(await ask(FindWorker, { unit_id: 'b' })).toMatchObject({ worker });
    await ask(ReportPilot, { pilot_id: id, fields: '{"tasks":["c"]}' });
    expect(await ask(FindWorker, { unit_id: 'b' })).toEqual({});
    expect(await ask(FindWorker, { unit_id: 'c' })).toMatchObject({ worker });
    await ask(EndPilot, { pilot_id: id });
    expect(await ask(FindWorker, { unit_id: 'c' })).toEqual({});
  });

  it('get a whole timeout after each start of the service', async () => {
    const id = await start();
    const beforeMicros = nowMicros();
    await host.stop();
    await host.start();
    // The pilot has been silent for the timeout, but the service has not listened for so long.
    await checkAt(beforeMicros + TWO_WEEKS);
    expect(await eventsOf(id)).toEqual(['WorkerStarted']);
  });
});
