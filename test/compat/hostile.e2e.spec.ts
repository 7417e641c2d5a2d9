import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Cairn, startEmbedded } from '../e2e/cairn-process.js';
import type { HttpClient } from '../e2e/http-client.js';
import { newDataset, newJob, newTask, openWorld, VARIABLES, type World } from '../e2e/world.js';
import {
  hostileRequests,
  type HostileRequest,
  type Operation,
  operationsOf,
  type Targets,
} from './hostile/generator.js';

const REQUESTS = 20_000;
/** Requests on the way at once. */
const CONCURRENCY = 16;
/** Requests sent one by one, with a look into the ledger after each. */
const WATCHED = 1_500;
/** Repeats the run that found something. */
const SEED = 20_261_120;

/** What takes longer hangs. A busy machine, and not the request, may delay a few beyond the second that is asked for. */
const HANGING_MS = 5_000;
const SLOW_MS = 1_000;
const SLOW_MAX = 20;

const REFUSED_SHARE_MIN = 0.6;

interface Outcome {
  readonly sent: HostileRequest;
  readonly status: number;
  readonly tookMs: number;
  readonly fault: string | undefined;
}

const shown = ({ sent, ...outcome }: Outcome): object => ({
  ...outcome,
  ...sent,
  path: sent.path.slice(0, 300),
  body: sent.body?.slice(0, 300),
});

/** IceProd contract 1.3: whatever the clients send, they get an answer that is no server error, and at once. */
describe('hostile requests to all routes', () => {
  let cairn: Cairn;
  let world: World;
  let operations: readonly Operation[];
  let targets: Targets;

  beforeAll(async () => {
    cairn = await startEmbedded({ ...VARIABLES, CAIRN_AUTOMATION: 'off' });
    world = await openWorld(cairn);
    const document = (await world.admin.get('/openapi.json')).json;
    operations = operationsOf(document as Parameters<typeof operationsOf>[0]);
    targets = await prepareTargets(world);
  }, 60_000);

  afterAll(async () => {
    world.anonymous.close();
    await cairn.remove();
  }, 60_000);

  const senderOf = ({ sender }: HostileRequest): HttpClient =>
    sender === 'forger' ? world.anonymous.as('a.b.c') : sender === 'user' ? world.alice : world[sender];

  const send = async (sent: HostileRequest): Promise<Outcome> => {
    const startedMs = performance.now();
    const outcome = (status: number, fault?: string): Outcome => ({
      sent,
      status,
      tookMs: Math.round(performance.now() - startedMs),
      fault,
    });
    try {
      const { status, reason, text } = await senderOf(sent).send(sent.method, sent.path, {
        body: sent.body,
        headers: sent.headers,
      });
      return outcome(status, status >= 500 ? `${reason} ${text.slice(0, 200)}` : undefined);
    } catch (error) {
      return outcome(0, `no answer: ${String(error)}`);
    }
  };

  it('are written for every served route', () => {
    expect(operations.length).toBeGreaterThan(80);
    const aimed = new Set(
      hostileRequests(operations, targets, { count: operations.length, seed: SEED }).map(
        ({ method, route }) => `${method} ${route}`,
      ),
    );
    expect(aimed.size).toBe(operations.length);
  });

  it('are answered soon, without a server error, and mostly refused', async () => {
    const requests = hostileRequests(operations, targets, { count: REQUESTS, seed: SEED });
    const outcomes: Outcome[] = [];
    const queue = requests.values();
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (const request of queue) outcomes.push(await send(request));
      }),
    );
    expect(outcomes).toHaveLength(REQUESTS);
    expect(outcomes.filter(({ fault }) => fault !== undefined).map(shown)).toEqual([]);
    expect(outcomes.filter(({ tookMs }) => tookMs > HANGING_MS).map(shown)).toEqual([]);
    expect(outcomes.filter(({ tookMs }) => tookMs > SLOW_MS).length).toBeLessThanOrEqual(SLOW_MAX);
    const refused = outcomes.filter(({ status }) => status >= 400);
    expect(refused.length / outcomes.length).toBeGreaterThanOrEqual(REFUSED_SHARE_MIN);
  }, 300_000);

  it('append nothing when they are refused', async () => {
    const ledger = new DatabaseSync(join(cairn.dataDir, 'ledger.sqlite'), { readOnly: true });
    const head = ledger.prepare('SELECT max(position) AS head FROM event');
    const headNow = (): unknown => head.get()?.['head'];
    const appended: Outcome[] = [];
    let before = headNow();
    for (const request of hostileRequests(operations, targets, { count: WATCHED, seed: SEED + 1_000_000 })) {
      const outcome = await send(request);
      const after = headNow();
      if (outcome.status >= 400 && after !== before) appended.push(outcome);
      before = after;
    }
    ledger.close();
    expect(appended.map(shown)).toEqual([]);
  }, 120_000);

  it('leave Cairn alive and in working order', async () => {
    const { system, alice, anonymous } = world;
    expect((await anonymous.get('/healthz')).status).toBe(200);
    const datasetId = await newDataset(alice);
    const jobId = await newJob(system, datasetId);
    await newTask(system, datasetId, { job_id: jobId });
    expect((await alice.get(`/datasets/${datasetId}/task_counts/status`)).json).toEqual({ idle: 1 });
    expect((await alice.get(`/datasets/${datasetId}/job_counts/status`)).json).toEqual({ processing: 1 });
    expect(cairn.output()).not.toMatch(/uncaught|unhandled/i);
  });
});

const resultOf = (json: unknown): string => String((json as { result?: unknown } | null)?.result).replace(/^.*\//, '');

/** One of everything, so that requests get past "not found". */
const prepareTargets = async ({ admin, system, alice }: World): Promise<Targets> => {
  const datasets = [await newDataset(alice), await newDataset(admin)];
  const [datasetId = ''] = datasets;
  const jobs = [await newJob(system, datasetId), await newJob(system, datasetId, { job_index: 1 })];
  const [jobId = ''] = jobs;
  const tasks = [
    await newTask(system, datasetId, { job_id: jobId }),
    await newTask(system, datasetId, { job_id: jobId, status: 'waiting' }),
    await newTask(system, datasetId, { job_id: jobId, status: 'queued', instance_id: 'i' }),
  ];
  const [taskId = ''] = tasks;
  await admin.put(`/config/${datasetId}`, { version: 3, tasks: [{ name: 'generate' }] });
  const stat = resultOf((await system.post(`/tasks/${taskId}/task_stats`, { dataset_id: datasetId, a: 1 })).json);
  const log = resultOf((await system.post('/logs', { data: 'x', dataset_id: datasetId, task_id: taskId })).json);
  const grid = resultOf((await system.post('/grids', { host: 'h', queues: {}, version: '1' })).json);
  const pilot = resultOf(
    (await system.post('/pilots', { queue_host: 'h', queue_version: '1', resources: { cpu: 1 } })).json,
  );
  const group = resultOf((await admin.post('/groups', { name: 'simprod', priority: 0.5 })).json);
  const user = resultOf((await admin.post('/users', { username: 'pingu', roles: ['user'] })).json);
  return {
    dataset_id: [...datasets, 'nobody-submitted'],
    job_id: jobs,
    jobs,
    task_id: tasks,
    unit_id: tasks,
    tasks,
    task_ids: tasks,
    task_stat_id: [stat],
    log_id: [log],
    grid_id: [grid],
    pilot_id: [pilot],
    group_id: [group],
    groupname: ['simprod', 'users'],
    group: ['simprod', 'users'],
    user_id: [user, 'pingu'],
    username: ['pingu', 'alice'],
    role: ['admin', 'user'],
    status: ['idle', 'waiting', 'queued', 'processing', 'complete', 'suspended', 'errors', 'failed', 'reset'],
    name: ['generate', 'simprod'],
    task_name: ['generate'],
    instance_id: ['i', ''],
  };
};
