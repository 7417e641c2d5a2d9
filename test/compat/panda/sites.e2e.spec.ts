import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { type Envelope, identified, ok, PANDA_VARIABLES, PandaClient, PRODUCTION, refused } from './panda-client.js';

const EMPTY = ok();

const SITE_A = {
  ...{ site: 'SITE_A', type: 'unified', corecount: 8, maxrss: 16000, maxwdir: 50000, harvester: 'harv-1' },
  queues: [{ ce_endpoint: 'ce1:9619', ce_state: 'ACTIVE', ce_flavour: 'htcondor-ce' }],
};
const DOCUMENT = {
  queues: { SITE_A, 'B.C-D': { type: 'analysis' } },
  users: { 'Bad User': { status: 'disabled' }, 'Prod Manager': { flags: 's' } },
  storages: { DISK: { id: 3, state: 'ACTIVE' } },
};

/** Queues, harvester and workers as harvester and pilots see them (contract 4.5, 6.4, 6.6, 6.7, 7.8, 10.1, 12). */
describe.each(MODES)("PanDA's sites ($mode)", (mode) => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-panda-sites-'));
  const file = join(folder, 'panda.json');
  const write = (document: unknown): void => writeFileSync(file, JSON.stringify(document));
  const cluster = useTestCluster(mode, () => {
    write(DOCUMENT);
    return { ...VARIABLES, ...PANDA_VARIABLES, CAIRN_PANDA_CONFIG: file, PANDA_WORKER_SYNC_SECONDS: '0' };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  let user: PandaClient;
  let production: PandaClient;
  let anonymous: PandaClient;
  let harvester_id: string;
  beforeAll(() => {
    const { anonymous: client } = cluster();
    user = new PandaClient(client, identified('Alice Demo'));
    production = new PandaClient(client, identified('Prod Manager', PRODUCTION));
    anonymous = new PandaClient(client);
  });
  beforeEach(() => (harvester_id = randomUUID()));

  const legacy = async (name: string, body: object): Promise<unknown> =>
    JSON.parse(
      (await production.send('POST', `/server/panda/${name}`, JSON.stringify(body), { accept: 'application/json' }))
        .text,
    );
  const read = async (path: string): Promise<unknown> => {
    const { status, text } = await anonymous.send('GET', path);
    return status === 200 ? JSON.parse(text) : [status, text];
  };

  it('serves the documents of queues and storages to everybody', async () => {
    const document = await read('/cache/schedconfig/SITE_A.all.json');
    expect(document).toMatchObject({ nickname: 'SITE_A', atlas_site: 'SITE_A', maxwdir: 50000, status: 'online' });
    expect(await read('/cache/schedconfig/SITE_A.json')).toEqual({ SITE_A: document });
    const all = await read('/cache/schedconfig/schedconfig.all.json');
    expect(Object.keys(all as object)).toEqual(['B.C-D', 'SITE_A']);
    expect(await read('/cache/schedconfig/pandaqueues.json')).toEqual(all);
    expect(await read('/cache/schedconfig/B.C-D.all.json')).toMatchObject({ nickname: 'B.C-D' });
    expect(await read('/cache/schedconfig/NONE.all.json')).toEqual([404, 'not found']);
    expect(await read('/cache/schedconfig/NONE.json')).toEqual([404, 'not found']);
    expect(await read('/cache/ddmendpoints.json')).toEqual({ DISK: { id: 3, state: 'ACTIVE', name: 'DISK' } });
  });

  it('answers metaconfig', async () => {
    expect(await user.get('metaconfig/get_banned_users')).toEqual(ok({ 'Bad User': false }));
    const { data: unified } = await user.get('metaconfig/get_site_specs', { type: 'unified' });
    expect(unified).toMatchObject({
      SITE_A: { sitename: 'SITE_A', type: 'unified', status: 'online', cloud: 'WORLD', maxrss: 16000, coreCount: 8 },
    });
    const names = async (type?: string) =>
      Object.keys((await user.get('metaconfig/get_site_specs', type === undefined ? {} : { type })).data as object);
    expect([await names(), await names('all'), await names('odd')]).toEqual([['B.C-D'], ['B.C-D', 'SITE_A'], []]);
    const { data: types } = await production.get('metaconfig/get_resource_types');
    const score = { resource_name: 'SCORE', mincore: 1, maxcore: 1, minrampercore: null, maxrampercore: 2000 };
    expect((types as unknown[])[0]).toEqual(score);
    expect(types).toHaveLength(4);
    expect(await legacy('getResourceTypes', {})).toEqual({ StatusCode: 0, Returns: 0, ResourceTypes: types });
    const pilot = new PandaClient(cluster().anonymous, identified('Pilot', '/wlcg/Role=pilot'));
    expect(await pilot.legacy('getResourceTypes')).toMatchObject({ StatusCode: 0 });
    expect(await user.get('metaconfig/get_resource_types')).toEqual(refused('production or pilot role required'));
    expect(await anonymous.get('metaconfig/get_site_specs')).toEqual(refused('SSL secure connection is required'));
    const banned = new PandaClient(cluster().anonymous, identified('Bad User'));
    const { status, text } = await banned.send('GET', '/api/v1/metaconfig/get_banned_users');
    expect([status, text]).toEqual([403, 'ERROR : Bad User is banned']);
  });

  it('goes through the cycle of harvester (contract 11.3)', async () => {
    const of = { harvester_id };
    expect(await production.get('harvester/get_current_worker_id', of)).toEqual(ok(0));
    const first = { startTime: 'datetime/2025-06-01 12:00:00.000000', sw_version: '0.7', commit_stamp: '2025-05-30' };
    for (const heartbeat of [{ data: first }, { data: {} }, { data: null }, { data: [] }, {}]) {
      expect(await production.post('harvester/heartbeat', { ...of, ...heartbeat })).toEqual(EMPTY);
    }
    const worker = {
      ...{ workerID: 42, batchID: '9.0', status: 'submitted', computingSite: 'SITE_A', queueName: 'SITE_A', nCore: 1 },
      ...{ submitTime: 'datetime/2025-06-01 12:00:05.000000', jobType: 'user', resourceType: 'SCORE', nJobs: 1 },
      ...{ computingElement: 'ce1', submissionHost: 'h1,sched1', harvesterHost: 'h1', syncLevel: 0, odd: 1 },
      ...{ pandaid_list: [5000001], minRamCount: 2000 },
    };
    const workers = [worker, { ...worker, workerID: 'x' }, { ...worker, workerID: 41, endTime: '02-NOV-24 00:02:18' }];
    expect(await production.post('harvester/update_workers', { ...of, workers })).toEqual(ok([true, false, true]));
    expect(await production.post('harvester/update_workers', { ...of, workers: [] })).toEqual(ok([]));
    expect(await production.get('harvester/get_current_worker_id', of)).toEqual(ok(42));
    const statistics = JSON.stringify({ user: { SCORE: { running: 1, submitted: 2, to_submit: 1 } } });
    const report = { ...of, panda_queue: harvester_id, statistics };
    expect(await production.post('harvester/report_worker_statistics', report)).toEqual(ok(null, 'OK'));
    const { data: counts } = await user.get('harvester/get_worker_statistics');
    expect(counts).toMatchObject({ [harvester_id]: { [harvester_id]: JSON.parse(statistics) as object } });
    expect(await legacy('getWorkerStats', {})).toEqual(counts);
    const bad = { ...report, statistics: '{' };
    expect(await production.post('harvester/report_worker_statistics', bad)).toEqual(refused('failed to load JSON'));
    const metrics = [['2025-06-01 12:00:00', 'h1', '{"cpu_pc":1}']];
    expect(await production.post('harvester/update_service_metrics', { ...of, metrics })).toEqual(ok([true]));
    const dialogs = [{ diagID: 1, moduleName: 'm', identifier: 'i', messageLevel: 'INFO', diagMessage: 'text' }];
    expect(await production.post('harvester/add_dialogs', { ...of, dialogs })).toEqual(EMPTY);
  });

  it('hands out commands once', async () => {
    const sweep = {
      ...{ panda_queue: 'SITE_A', status_list: ['submitted'], ce_list: ['ce1:9619', 'no'] },
      submission_host_list: 'ALL',
    };
    const acquire = async (): Promise<unknown> =>
      (await production.post('harvester/acquire_commands', { harvester_id: 'harv-1', n_commands: 50 })).data;
    expect(await production.post('harvester/add_sweep_command', sweep)).toEqual(EMPTY);
    expect(await production.post('harvester/add_sweep_command', { ...sweep, panda_queue: 'NONE' })).toEqual(
      refused('Error retrieving queue configuration from DB'),
    );
    expect(await production.post('harvester/add_sweep_command', { ...sweep, panda_queue: 'B.C-D' })).toEqual(
      refused('Queue not served by any harvester ID'),
    );
    const commands = await acquire();
    expect(commands).toEqual([
      {
        ...{ command_id: expect.any(Number) as unknown, command: 'KILL_WORKERS', ack_requested: 0 },
        params: {
          ...{ status: ['submitted'], computingSite: ['SITE_A'], computingElement: ['ce1:9619'] },
          submissionHost: 'ALL',
        },
        creation_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/) as unknown,
      },
    ]);
    expect(await acquire()).toEqual([]);
    const [{ command_id: id }] = commands as readonly [{ command_id: number }];
    const acknowledge = { command_ids: [id, 999_999] };
    expect(await production.post('harvester/acknowledge_commands', acknowledge)).toEqual(EMPTY);
    expect(await user.post('harvester/acknowledge_commands', acknowledge)).toEqual(
      refused('production or pilot role required'),
    );
  });

  it('has harvester kill workers whose pilot has finished, known before or after (D27, acceptance 10)', async () => {
    const of = { harvester_id };
    const say = (worker_id: unknown, status: string) =>
      production.post('pilot/update_worker_status', { ...of, worker_id, status, node_id: 'n1' });
    expect(await say('7', 'started')).toEqual(EMPTY);
    expect(await say('7', 'finished')).toEqual(EMPTY);
    expect(await say(7, 'asleep')).toEqual(
      refused("Invalid worker state. The worker state has to be in ('started', 'finished')"),
    );
    expect(await say('seven', 'started')).toEqual(refused('Failed to update worker status'));
    expect(await production.get('harvester/get_current_worker_id', of)).toEqual(ok(0));
    const workers = [
      { workerID: 7, status: 'running' },
      { workerID: 8, status: 'running' },
    ];
    await production.post('harvester/update_workers', { ...of, workers });
    let commands: unknown = [];
    for (let tries = 0; tries < 60 && (commands as unknown[]).length === 0; tries += 1) {
      await delay(250);
      commands = (await production.post('harvester/acquire_commands', { ...of, n_commands: 5 })).data;
    }
    expect(commands).toMatchObject([{ command: 'SYNC_WORKERS_KILL', params: [7] }]);
  });

  it('takes target slots and worker nodes', async () => {
    const slots = { panda_queue: 'SITE_A', slots: 10000 };
    const message = 'set numSlots=10000 for PQ=SITE_A gshare=None resource=None';
    expect(await production.post('harvester/add_target_slots', slots)).toEqual(ok(null, message));
    for (const expiration_date of ['7', '2030-01-01', '2030-01-01 12:00:00']) {
      const { success } = await production.post('harvester/add_target_slots', { ...slots, expiration_date });
      expect(success).toBe(true);
    }
    const soon = await production.post('harvester/add_target_slots', { ...slots, expiration_date: 'soon' });
    expect(soon.success).toBe(false);
    const node = { site: 'SITE_A', host_name: `slot1@${randomUUID()}`, cpu_model: 'Xeon(R) CPU @ 2GHz' };
    const full = { ...node, panda_queue: 'SITE_A', n_logical_cpus: 8, clock_speed: 2400, total_memory: 64000 };
    for (const each of [node, full, full]) {
      const answer = await production.post('pilot/update_worker_node', each);
      expect(answer).toEqual(ok(null, 'Inserted new worker node.'));
    }
    const gpu = { site: 'SITE_A', host_name: node.host_name, vendor: 'NVIDIA', model: 'A100', count: 1 };
    const insert = await production.post('pilot/update_worker_node_gpu', gpu);
    expect(insert).toEqual(ok(null, 'Inserted new worker node GPU.'));
    const again = await production.post('pilot/update_worker_node_gpu', { ...gpu, count: 2 });
    expect(again).toEqual(ok(null, 'Updated existing worker node GPU.'));
    expect(await production.post('pilot/update_worker_node', { site: 'SITE_A' })).toEqual(
      refused("Argument error: missing a required argument: 'host_name'"),
    );
  });

  it('speaks the legacy API to harvester of 2019 and pilots', async () => {
    const harvesterID = harvester_id;
    const text = (value: unknown): string => JSON.stringify(value);
    expect(await legacy('harvesterIsAlive', { harvesterID, data: text({ sw_version: '0.1' }) })).toEqual([
      ...[true, 'succeeded'],
    ]);
    const workers = text([{ workerID: 3, status: 'running' }, {}]);
    expect(await legacy('updateWorkers', { harvesterID, workers })).toEqual([true, [true, false]]);
    expect(await legacy('updateWorkers', { harvesterID, workers: '{' })).toEqual([false, 'failed to load JSON']);
    expect(await legacy('get_max_worker_id', { harvester_id })).toBe(3);
    const metrics = text([['2025-06-01 12:00:00', 'h', '{}']]);
    expect(await legacy('updateServiceMetrics', { harvesterID, metrics })).toEqual([true, [true]]);
    expect(await legacy('addHarvesterDialogs', { harvesterID, dialogs: '[]' })).toEqual([true, '']);
    const counts = { harvesterID, siteName: harvesterID, paramsList: text({ SCORE: { running: 2 } }) };
    expect(await legacy('reportWorkerStats', counts)).toEqual([true, 'OK']);
    const typed = { ...counts, paramsList: text({ user: { SCORE: { running: 3 } } }) };
    expect(await legacy('reportWorkerStats_jobtype', typed)).toEqual([true, 'OK']);
    const commands = { StatusCode: 0, Returns: 0, Commands: [] };
    expect(await legacy('getCommands', { harvester_id, n_commands: 5 })).toEqual(commands);
    expect(await legacy('ackCommands', { command_ids: '[1,2]' })).toEqual({ StatusCode: 0, Returns: 0 });
    const pilot = { site: 'SITE_A', workerID: '3', harvesterID, status: 'started' };
    expect(await legacy('updateWorkerPilotStatus', pilot)).toEqual({ StatusCode: 0 });
    expect(await legacy('updateWorkerPilotStatus', { ...pilot, status: 'x' })).toMatchObject({ StatusCode: 50 });
    const answer = await anonymous.send('POST', '/server/panda/updateWorkers', text({ harvesterID, workers }), {
      accept: 'application/json',
    });
    expect(JSON.parse(answer.text)).toEqual([false, 'SSL secure connection is required']);
  });

  it('lets super users change the configuration, and the operator’s document follows', async () => {
    const own = async (client: PandaClient, method: string, path: string, body?: object): Promise<Envelope> => {
      const headers = { 'content-type': 'application/json' };
      const answer = await client.send(method, `/cairn/panda/${path}`, JSON.stringify(body), headers);
      return JSON.parse(answer.text) as Envelope;
    };
    const set = (entry: object) =>
      own(production, 'POST', 'set_configuration', { section: 'queues', name: 'NEW', entry });
    expect(await set({ maxrss: 'much' })).toEqual(refused('queues.NEW.maxrss: must be an integer'));
    expect((await set({ maxrss: 1000 })).data).toMatchObject({ nickname: 'NEW', maxrss: 1000 });
    expect(await read('/cache/schedconfig/NEW.all.json')).toMatchObject({ maxrss: 1000 });
    const { data: queues } = await own(production, 'GET', 'configuration?section=queues');
    expect(queues).toHaveLength(3);
    const other = new PandaClient(cluster().anonymous, identified('Other Manager', PRODUCTION));
    expect((await own(other, 'GET', 'configuration?section=queues')).success).toBe(false);
    expect((await own(user, 'GET', 'configuration?section=queues')).message).toBe('production or pilot role required');
    const removal = { section: 'queues', name: 'NEW' };
    expect(await own(production, 'POST', 'remove_configuration', removal)).toEqual(EMPTY);
    expect((await own(production, 'POST', 'remove_configuration', removal)).message).toBe('There is no NEW in queues');
    const order = { harvester_id, command: 'SET_N_WORKERS_JOBTYPE:SITE_A', params: { user: { SCORE: 2 } } };
    expect((await own(production, 'POST', 'command_harvester', order)).success).toBe(true);
    const { data: commands } = await production.post('harvester/acquire_commands', { harvester_id, n_commands: 5 });
    expect(commands).toMatchObject([{ command: order.command, params: order.params }]);

    write({ ...DOCUMENT, queues: { ...DOCUMENT.queues, SITE_A: { ...SITE_A, status: 'offline' } } });
    await eventually(() => read('/cache/schedconfig/SITE_A.all.json'), expect.objectContaining({ status: 'offline' }));
  });
});
