import { randomUUID } from 'node:crypto';
import type { Caller, Contract } from '#bus/contract.js';
import { SetConfiguration } from '#contracts/panda/administration.js';
import {
  AcknowledgeHarvesterCommands,
  AcquireHarvesterCommands,
  AddHarvesterDialogs,
  AddServiceMetrics,
  GetCurrentWorkerId,
  GetWorkerStatistics,
  IssueHarvesterCommand,
  RecordHarvesterHeartbeat,
  RecordJobWorkers,
  RecordPilotReport,
  RecordWorkerNode,
  RecordWorkerNodeGpu,
  ReportWorkerStatistics,
  SetTargetSlots,
  SweepWorkers,
  UpdateWorkers,
} from '#contracts/panda/harvester.js';
import type { WorkerNode } from '#contracts/panda/worker-events.js';
import { nowMicros } from '#platform/clock.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { rebuildPlans } from '#event-sourcing/testing/rebuild-plans.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { PilotsModule } from '../../pilots.module.js';
import { harvesterProjection } from './harvester-projection.js';
import { LeftWorkers } from './left-workers.js';

const HARVESTER: Caller = { subject: 'h', username: 'h', roles: ['system'], groups: [] };
const MINUTE = 60 * 1_000_000;
const STREAM = 'worker-panda.main.h';

let host: ServiceHost;
beforeEach(async () => {
  host = new ServiceHost(PilotsModule);
  await host.start();
});
afterEach(() => host.end());

const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
  host.request(contract, request, HARVESTER);

const OF = { harvester_id: 'h' };
const heartbeat = (data: Record<string, unknown> = {}) =>
  ask(RecordHarvesterHeartbeat, { ...OF, owner: '/CN=Harvester', host: '10.0.0.1', data });
const update = (...workers: readonly unknown[]) => ask(UpdateWorkers, { ...OF, workers });
const commands = async (count = 10): Promise<unknown[]> =>
  JSON.parse((await ask(AcquireHarvesterCommands, { ...OF, count })).document) as unknown[];
const refusal = (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'accepted',
    (error: unknown) => (error as Error).message,
  );
const events = async (stream = STREAM) =>
  (await host.ledger.readStream(stream)).map(({ type, data }) => [type, JSON.parse(data) as unknown] as const);
const typesIn = async (stream = STREAM) => (await events(stream)).map(([type]) => type);

describe('instances', () => {
  it('are registered by their first heartbeat, and keep what they tell', async () => {
    await heartbeat({ startTime: 'datetime/2025-06-01 12:00:00.000000', sw_version: '0.7', odd: 1, description: 3 });
    expect(await events()).toEqual([
      [
        'HarvesterSeen',
        { ...OF, owner: '/CN=Harvester', host: '10.0.0.1', start_time: '2025-06-01T12:00:00', sw_version: '0.7' },
      ],
    ]);
  });

  it('leave dialogs and metrics, whatever their order', async () => {
    await ask(AddServiceMetrics, {
      ...OF,
      metrics: [
        ['2025-06-01 12:00:00', 'n1', '{"cpu":1}'],
        ['n2', 'datetime/2025-06-01 12:00:01.000000', '{}'],
        ...['x', [], ['a', 'b', 'c'], null],
      ],
    });
    await ask(AddHarvesterDialogs, {
      ...OF,
      dialogs: [{ diagID: 1, moduleName: 'm', creationTime: '2025-06-01 12:00:00.000000', diagMessage: 'x' }, {}, 7],
    });
    expect(await events()).toMatchObject([
      [
        'ServiceMeasured',
        {
          metrics: [
            { time: '2025-06-01T12:00:00', host: 'n1', metrics: '{"cpu":1}' },
            { time: '2025-06-01T12:00:01', host: 'n2', metrics: '{}' },
          ],
        },
      ],
      ['DialogsAdded', { dialogs: [{ diag_id: 1, module: 'm', time: '2025-06-01T12:00:00', message: 'x' }] }],
    ]);
  });

  it('count their workers, of which only the last report of four hours counts', async () => {
    const count = (queue: string, statistics: string) => ask(ReportWorkerStatistics, { ...OF, queue, statistics });
    expect(await ask(GetWorkerStatistics, {})).toEqual({ document: '{}' });
    await count('A', '{"user":{"SCORE":{"running":1},"MCORE":{"running":2}}}');
    await count('A', '{"user":{"SCORE":{"running":5,"submitted":2},"Undefined":{"running":1}},"managed":3}');
    await count('B', '{"user":{"Undefined":{"running":1}}}');
    expect(await refusal(count('A', '{'))).toBe('failed to load JSON');
    expect(await refusal(count('A', '[]'))).toBe('failed to load JSON');
    const expected = { document: '{"A":{"h":{"user":{"SCORE":{"running":5,"submitted":2}}}}}' };
    expect(await ask(GetWorkerStatistics, {})).toEqual(expected);
    await host.rebuild();
    expect(await ask(GetWorkerStatistics, {})).toEqual(expected);
  });
});

describe('workers', () => {
  it('have a highest id that reports of pilots do not count for (D9, D27)', async () => {
    const current = async () => (await ask(GetCurrentWorkerId, OF)).worker_id;
    expect(await current()).toBe(0);
    await ask(RecordPilotReport, { ...OF, worker_id: 99, status: 'started', node_id: 'n' });
    expect(await current()).toBe(0);
    expect(await update({ workerID: 7 }, 'x', { workerID: 3 })).toEqual({ stored: [true, false, true] });
    await ask(RecordJobWorkers, { ...OF, worker_id: 8, panda_ids: [1] });
    expect(await current()).toBe(8);
    await host.rebuild();
    expect(await current()).toBe(8);
  });

  it('are forgotten after a month of silence, but not how far they were counted', async () => {
    const metadata = {
      ...{ timeMicros: nowMicros() - 40 * 24 * 60 * MINUTE, actor: 'h', dialect: 'panda' as const },
      ...{ correlationId: '', causationId: '', schemaVersion: 1 },
    };
    const workers = [1, 9].map((worker_id) => ({ worker_id, set: { status: 'finished' } }));
    const old = { id: randomUUID(), type: 'WorkersReported', data: { ...OF, workers }, metadata };
    await host.ledger.append(STREAM, NO_STREAM, [old]);
    await update({ workerID: 2, status: 'running' });
    expect(await ask(GetCurrentWorkerId, OF)).toEqual({ worker_id: 9 });
    const told = [1, 9].map((workerID) => ({ workerID, status: 'finished' }));
    await update(...told);
    expect((await events()).at(-1)?.[1]).toEqual({
      ...OF,
      workers: [
        { worker_id: 1, set: { status: 'finished' } },
        { worker_id: 9, set: {} },
      ],
    });
  });

  it('are not all read for an event of one of them, in a rebuild either', () => {
    expect(rebuildPlans(harvesterProjection).filter((step) => step.startsWith('SCAN'))).toEqual([]);
  });

  it('whose pilot has finished are to be killed, also when the pilot came first (D27)', async () => {
    await ask(RecordPilotReport, { ...OF, worker_id: 1, status: 'finished', node_id: null });
    await ask(RecordPilotReport, { ...OF, worker_id: 2, status: 'started', node_id: null });
    await ask(RecordPilotReport, { ...OF, worker_id: 4, status: 'finished', node_id: null });
    const finishedMicros = nowMicros();
    await update({ workerID: 1, status: 'running' }, { workerID: 2, status: 'running' }, { workerID: 3 });
    const check = (minutes: number) => host.part(LeftWorkers).check(finishedMicros + minutes * MINUTE);
    await check(5);
    expect(await commands()).toEqual([]);
    await check(11);
    // Nobody has retrieved it yet: what comes is added.
    await update({ workerID: 4, status: 'submitted' });
    await check(12);
    const created = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/) as unknown;
    const command = { command: 'SYNC_WORKERS_KILL', ack_requested: 0, creation_date: created };
    expect(await commands()).toEqual([{ ...command, command_id: 2, params: [1, 4] }]);
    await check(13);
    expect(await commands()).toEqual([]);
    await update({ workerID: 1, status: 'finished' });
    await check(60);
    expect(await commands()).toEqual([{ ...command, command_id: 3, params: [4] }]);
  });
});

describe('commands', () => {
  const issue = (command: string, params: unknown = {}, ack = false) =>
    ask(IssueHarvesterCommand, { ...OF, command, params: JSON.stringify(params), ack_requested: ack });

  it('are retrieved once, the oldest first, and one of a name takes the place of another', async () => {
    await issue('REPORT_WORKER_STATS:A');
    await issue('SET_N_WORKERS_JOBTYPE:A', { user: { SCORE: 3 } }, true);
    await issue('REPORT_WORKER_STATS:A', { again: true });
    expect(await commands(1)).toMatchObject([{ command_id: 2, command: 'SET_N_WORKERS_JOBTYPE:A', ack_requested: 1 }]);
    expect(await commands(0)).toEqual([]);
    expect(await commands(-1)).toEqual([]);
    expect(await commands(1e9)).toMatchObject([{ command_id: 3, params: { again: true } }]);
    expect(await commands()).toEqual([]);
    await issue('SET_N_WORKERS_JOBTYPE:A', { user: { SCORE: 4 } });
    await host.rebuild();
    expect(await commands()).toMatchObject([{ command_id: 4, params: { user: { SCORE: 4 } } }]);
  });

  it('are acknowledged by id or by a heartbeat, unknown ones too', async () => {
    await issue('REPORT_WORKER_STATS:A');
    await issue('SET_N_WORKERS_JOBTYPE:A');
    await ask(AcknowledgeHarvesterCommands, { command_ids: [1, 1, 77] });
    await ask(AcknowledgeHarvesterCommands, { command_ids: [1] });
    await heartbeat({ commands: [{ command: 'SET_N_WORKERS_JOBTYPE', computingSite: 'A' }, 3, {}] });
    expect((await typesIn()).slice(2)).toEqual(['CommandsAcknowledged', 'HarvesterSeen', 'CommandsAcknowledged']);
    expect(await commands()).toEqual([]);
  });

  it('refuse what nobody knows', async () => {
    expect(await refusal(issue('EXPLODE'))).toBe('unknown command EXPLODE');
  });

  it('sweep the workers of a queue', async () => {
    const sweep = (queue: string, elements: readonly string[] | 'ALL') =>
      ask(SweepWorkers, { queue, statuses: ['submitted'], computing_elements: elements, submission_hosts: 'ALL' });
    expect(await refusal(sweep('NONE', 'ALL'))).toBe('Error retrieving queue configuration from DB');
    expect(await refusal(sweep('LOCAL', 'ALL'))).toBe('Queue not served by any harvester ID');
    const document = JSON.stringify({ harvester: 'h', queues: [{ ce_endpoint: 'ce1:9619' }] });
    await ask(SetConfiguration, { section: 'queues', name: 'SITE_A', document });
    await sweep('SITE_A', ['ce1:9619', 'other']);
    await sweep('SITE_A', 'ALL');
    const params = { status: ['submitted'], computingSite: ['SITE_A'], submissionHost: 'ALL' };
    expect(await commands()).toMatchObject([{ command_id: 2, params: { ...params, computingElement: 'ALL' } }]);
    await sweep('SITE_A', ['ce1:9619', 'other']);
    expect(await commands()).toMatchObject([{ command_id: 3, params: { ...params, computingElement: ['ce1:9619'] } }]);
  });
});

describe('queues and nodes', () => {
  it('have target slots, and lose them', async () => {
    const slots = { queue: 'A', share: null, resource_type: 'SCORE', slots: 10, expires_micros: null };
    await ask(SetTargetSlots, slots);
    await ask(SetTargetSlots, { ...slots, slots: -1 });
    expect(await typesIn('site-panda.main.A')).toEqual(['SlotsTargeted', 'SlotsReleased']);
  });

  it('are recorded when they are new', async () => {
    const numbers = { n_logical_cpus: 8, n_sockets: 1, cores_per_socket: 4, threads_per_core: 2, clock_speed: 2400 };
    const node: WorkerNode = {
      ...{ site: 'S', host_name: 'n1', cpu_model: 'm', cpu_model_normalized: 'm', ...numbers },
      ...{ cpu_architecture: 'x86_64', cpu_architecture_level: null, total_memory: 1, total_local_disk: 1 },
    };
    for (const queue of [null, null, 'A', 'A']) await ask(RecordWorkerNode, { node, queue });
    const gpu = {
      ...{ site: 'S', host_name: 'n1', vendor: 'v', model: 'm', count: 1, vram: null, architecture: null },
      ...{ framework: null, framework_version: null, driver_version: null },
    };
    expect(await ask(RecordWorkerNodeGpu, { gpu })).toEqual({ was_known: false });
    expect(await ask(RecordWorkerNodeGpu, { gpu })).toEqual({ was_known: true });
    await host.rebuild();
    expect(await ask(RecordWorkerNodeGpu, { gpu: { ...gpu, count: 2 } })).toEqual({ was_known: true });
    expect(await typesIn('site-panda.nodes.S')).toEqual([
      ...['WorkerNodeSeen', 'WorkerNodeSeen', 'WorkerNodeGpuSeen', 'WorkerNodeGpuSeen'],
    ]);
  });
});
