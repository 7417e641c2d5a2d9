import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { type SlurmCluster, trySlurmCluster } from '../../../../test/harness/slurm-cluster.js';
import { printedBy, startCairn } from '../demo/child.js';
import { ActionCalls } from '../run/action-calls.js';
import { TorcClient } from '../run/torc-client.js';
import { type CommandResult, runCommandLine } from '../testing/run-command-line.js';
import { Allocations } from './allocations.js';
import { slurmCommand } from './slurm-command.js';
import { SlurmCommands } from './slurm-commands.js';
import { SlurmWorkflowCalls } from './slurm-workflow-calls.js';
import { Watch } from './watch.js';

const MAIN = resolve('dist/apps/cairn/src/main.js');
type Document = Record<string, unknown> & { readonly _key: string; readonly _id: string; readonly _rev: string };

const { cluster, reason } = await trySlurmCluster();
const title = reason === undefined ? 'cairn slurm' : `cairn slurm (skipped: ${reason})`;

(cluster === undefined ? describe.skip : describe)(title, () => {
  const slurm = cluster as SlurmCluster;
  let home: string;
  /** Output of allocations. */
  let folder: string;
  let cairn: Awaited<ReturnType<typeof startCairn>>;
  let token: string;
  /** Address with the token in it. */
  let base: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'cairn-slurm-spec-'));
    folder = join(home, 'output');
    const dataDir = join(home, 'data');
    const environment = { TORC_ACCESS: 'token' };
    cairn = await startCairn({ script: MAIN, dataDir, environment });
    token = await printedBy(MAIN, ['token', '--user', 'ada', '--role', 'user'], { CAIRN_DATA_DIR: dataDir });
    base = `${cairn.url}/t/${token}/_db/torc/torc-service`;
  });

  afterAll(async () => {
    await slurm.stop();
    await cairn.stop();
    rmSync(home, { recursive: true });
  });

  afterEach(() => {
    spawnSync('scancel', ['--me'], { env: slurm.env });
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async <Answer = Document>(method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await fetch(base + path, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const document = (await answer.json()) as Answer;
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(document)}`);
    return document;
  };
  const list = async (path: string): Promise<readonly Document[]> =>
    (await call<{ readonly items: readonly Document[] }>('GET', path)).items;

  /** A workflow with scheduler `short`, initialized in run 1; resolves with its path. */
  const start = async (jobs: readonly object[], scheduler: object = {}, more: object = {}): Promise<string> => {
    const { _key } = await call('POST', '/workflow_specifications', {
      ...{ name: 'sweep', user: 'ada', jobs, ...more },
      resource_requirements: [{ name: 'small', num_cpus: 1, memory: '1m', runtime: 'PT1S' }],
      schedulers: { slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, ...scheduler }] },
    });
    const path = `/workflows/${_key}`;
    await call('PUT', `${path}/status`, { ...(await call('GET', `${path}/status`)), run_id: 1 });
    await call('POST', `${path}/initialize_jobs`);
    return path;
  };
  const job = (name: string, more: object = {}): object => ({
    ...{ name, command: 'true', resource_requirements: 'small', scheduler: 'slurm_schedulers/short' },
    ...more,
  });

  const run = (words: string, workflow: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> => {
    const [sub = '', ...rest] = words.split(' ');
    const options = sub === 'cancel' ? [] : [`--folder ${folder}`, `--cairn ${process.execPath}\t${MAIN}`];
    const line = [sub, '--workflow', workflow.split('/').at(-1), ...options, ...rest].join(' ');
    return runCommandLine(slurmCommand, line, { ...slurm.env, CAIRN_SERVER: base, ...env });
  };
  const states = async (workflow: string): Promise<readonly unknown[]> =>
    (await list(`${workflow}/scheduled_compute_nodes`)).map(({ status }) => status);
  const squeue = (format: string): readonly string[] =>
    execFileSync('squeue', ['--noheader', `--format=${format}`], { env: slurm.env, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  /** An allocation of somebody else that takes all of the node. */
  const occupyNode = async (): Promise<string> => {
    const config = { _key: '1', _id: '', account: 'other', nodes: 1, extra: '--exclusive' };
    const request = {
      config,
      name: 'other',
      label: '',
      script: '#!/bin/sh\nexec sleep 600\n',
      workdir: home,
      folder: home,
    };
    const id = await new SlurmCommands(slurm.env).submit(request);
    await eventually(() => squeue('%j %T'), ['other RUNNING']);
    return id;
  };
  /** Sets the status of a job, as `jobs disable` of the real client does. */
  const setStatus = async (workflow: string, name: string, status: string): Promise<void> => {
    const [found] = await list(`${workflow}/jobs?name=${name}`);
    await call('PUT', `${workflow}/jobs/${found?._key ?? ''}`, { ...found, status });
  };

  it('runs a workflow to its end in allocations, and shows its token to nobody', async () => {
    const show = [
      'scontrol show job $SLURM_JOB_ID',
      'scontrol write batch_script $SLURM_JOB_ID -',
      'ps -ewwo args',
    ].join('; ');
    const workflow = await start(
      [job('a', { command: show }), job('b', { blocked_by: ['a'], cancel_on_blocking_job_failure: false })],
      { walltime: '10' },
    );
    const { exitCode, stdout, stderr } = await run('watch --poll 0.1', workflow);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('no job that can run and no allocation is left');
    expect(await list(`${workflow}/results`)).toMatchObject([
      { return_code: 0, status: 'done' },
      { return_code: 0, status: 'done' },
    ]);
    const [node, ...others] = await list(`${workflow}/scheduled_compute_nodes`);
    expect(others).toEqual([]);
    expect(node).toMatchObject({ status: 'complete', scheduler_id: expect.stringMatching(/^\d+$/) as string });
    const [config] = await list(`${workflow}/slurm_schedulers`);
    expect(await list(`${workflow}/events?category=scheduler`)).toMatchObject([
      { type: 'submit', num_jobs: 1, job_ids: [node?.['scheduler_id']], scheduler_config_id: config?._id },
    ]);
    expect(await list(`${workflow}/compute_nodes`)).toMatchObject([
      {
        is_active: false,
        resources: {
          num_cpus: 1,
          scheduler_config_id: config?._id,
          time_limit: expect.stringMatching(/^PT(?:[1-5]\d\d|600)\.\d{3}S$/) as string,
        },
        scheduler: {
          hpc_type: 'slurm',
          scheduler_type: 'hpc',
          slurm_job_id: node?.['scheduler_id'],
          node_names: ['here'],
        },
      },
    ]);
    const outputs = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('server-'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    expect(outputs).toContain('slurm worker --server-file');
    expect(outputs).not.toContain(token);
  });

  it('starts a worker on each node', async () => {
    const workflow = await start([job('a'), job('b'), job('c')], { partition: 'both', nodes: 2, ntasks_per_node: 2 });
    const { exitCode, stdout } = await run('schedule-nodes --one-per-node --max-parallel-jobs 2', workflow);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\n$/);
    await eventually(() => states(workflow), ['complete']);
    expect(await list(`${workflow}/results`)).toHaveLength(3);
    const nodes = await list(`${workflow}/compute_nodes`);
    expect(nodes.map(({ resources }) => resources)).toMatchObject([
      { num_cpus: 2, num_nodes: 1 },
      { num_cpus: 2, num_nodes: 1 },
    ]);
    expect(nodes.map(({ scheduler }) => (scheduler as Document)['node_names']).sort()).toEqual([['here'], ['there']]);
  });

  it('asks for what jobs declare', async () => {
    const demand = { scheduler_id: 'slurm_schedulers/short', num_jobs: 2 };
    const workflow = await start([job('a', { schedule_compute_nodes: demand })]);
    await occupyNode();
    await run('watch --once', workflow);
    expect(await states(workflow)).toEqual(['pending', 'pending']);
    await run('watch --once', workflow);
    expect(await states(workflow)).toEqual(['pending', 'pending']);
  });

  it('drops queued allocations when no work is left, and not before', async () => {
    const workflow = await start([job('a'), job('b', { blocked_by: ['a'] })]);
    const other = await occupyNode();
    await run('schedule-nodes --nodes 2', workflow);
    const queued = ['worker PENDING', 'worker PENDING'];
    const mine = (): readonly string[] => squeue('%.6j %T').filter((line) => line.startsWith('worker'));
    // A job that runs elsewhere may make the blocked one ready.
    await setStatus(workflow, 'a', 'submitted');
    await run('watch --once', workflow);
    expect(mine()).toEqual(queued);
    // Nothing can make it ready any more.
    await setStatus(workflow, 'a', 'disabled');
    const { stdout } = await run('watch --once', workflow);
    expect(stdout).toContain('no work is left for short: drops the queued');
    expect(mine()).toEqual([]);
    await run('watch --once', workflow);
    expect(await states(workflow)).toEqual(['complete', 'complete']);
    expect(squeue('%A')).toEqual([other]);
  });

  it('drops queued allocations of a canceled workflow', async () => {
    const workflow = await start([job('a')]);
    await occupyNode();
    await run('schedule-nodes', workflow);
    await call('PUT', `${workflow}/cancel`);
    const { exitCode } = await run('watch --poll 0.1', workflow);
    expect(exitCode).toBe(0);
    expect(await states(workflow)).toEqual(['complete']);
  });

  it('drops queued allocations of a deleted workflow', async () => {
    const workflow = await start([job('a')]);
    await occupyNode();
    const watching = run('watch --poll 0.1', workflow);
    await eventually(() => states(workflow), ['pending']);
    // The watch must have seen it.
    await eventually(() => squeue('%T'), expect.arrayContaining(['PENDING']));
    await call('DELETE', workflow);
    expect(await watching).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('404') as string });
    expect(squeue('%j')).toEqual(['other']);
  });

  it('marks allocations as complete that Slurm has ended', async () => {
    const workflow = await start([job('a', { command: 'sleep 600' })]);
    await run('schedule-nodes', workflow);
    await eventually(() => states(workflow), ['active']);
    const [node] = await eventually(() => list(`${workflow}/compute_nodes`), [expect.anything()]);
    process.kill(Number(node?.['pid']), 'SIGKILL');
    await eventually(() => squeue('%A'), []);
    expect(await states(workflow)).toEqual(['active']);
    await call('PUT', `${workflow}/cancel`);
    await run('watch --once', workflow);
    expect(await states(workflow)).toEqual(['complete']);
  });

  it('finds an allocation whose submitter ended before it had stored the id', async () => {
    const workflow = await start([job('a')]);
    const [config] = await list(`${workflow}/slurm_schedulers`);
    await occupyNode();
    const body = { scheduler_config_id: config?._id, status: 'uninitialized' };
    const node = await call('POST', `${workflow}/scheduled_compute_nodes`, body);
    const label = `cairn ${new URL(base).host} ${workflow.split('/').at(-1) ?? ''}/${node._key}`;
    const own = { config: { _key: '1', _id: '', account: 'a', nodes: 1 }, name: `worker_${node._key}`, label };
    const id = await new SlurmCommands(slurm.env).submit({
      ...own,
      script: '#!/bin/sh\n',
      workdir: home,
      folder: home,
    });
    await run('watch --once', workflow);
    expect(await list(`${workflow}/scheduled_compute_nodes`)).toMatchObject([{ status: 'pending', scheduler_id: id }]);
  });

  it('leaves no document of what sbatch refuses', async () => {
    const workflow = await start([job('a')], { partition: 'none' });
    const { exitCode, stderr } = await run('schedule-nodes', workflow);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/invalid partition/i);
    expect(await states(workflow)).toEqual([]);
    expect(await list(`${workflow}/events?category=scheduler`)).toEqual([]);
  });

  it('asks for what actions want, once in a run', async () => {
    const trigger = { trigger_type: 'on_workflow_start', action_type: 'schedule_nodes', num_allocations: 3 };
    const scheduler = 'slurm_schedulers/short';
    const commands = { trigger_type: 'on_worker_start', action_type: 'run_commands', commands: ['true'] };
    const actions = [
      { ...trigger, scheduler },
      { ...commands, scheduler },
    ];
    const workflow = await start([job('a')], {}, { actions });
    await occupyNode();
    await run('watch --once', workflow);
    await run('watch --once', workflow);
    expect(await states(workflow)).toEqual(['pending', 'pending', 'pending']);
    const { origin } = new URL(base);
    const response = await fetch(`${origin}/cairn/torc${workflow}/actions`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.json()).toMatchObject({
      items: [
        { number: 1, state: 'done' },
        { number: 2, state: 'due' },
      ],
    });
  });

  it('asks no more when three in a row brought no result', async () => {
    const trigger = { trigger_type: 'on_workflow_start', action_type: 'schedule_nodes' };
    const actions = [{ ...trigger, scheduler: 'slurm_schedulers/short' }];
    const workflow = await start([job('a')], { partition: 'none' }, { actions });
    const lines: string[] = [];
    const note = (line: string): void => void lines.push(line);
    const client = new TorcClient({ url: base, token: undefined, timeoutMs: 10_000, onSilence: note });
    const key = workflow.split('/').at(-1) ?? '';
    const calls = new SlurmWorkflowCalls(client, key);
    const scheduler = new SlurmCommands(slurm.env);
    const settings = { cairn: [], serverFile: '', workdir: home, folder: home, host: '' };
    const allocations = new Allocations(calls, scheduler, settings);
    const options = { allocationsMax: 1, scheduler: undefined };
    const watch = new Watch(calls, new ActionCalls(client, key), allocations, scheduler, options, note);
    for (let pass = 1; pass <= 5; pass += 1) expect(await watch.pass()).toBe(false);
    const refusal = expect.stringContaining('Invalid partition name') as string;
    const failed = 'action 1 (on_workflow_start) has failed';
    const enough = expect.stringContaining('asks for no more until there is one') as string;
    expect(lines).toEqual([refusal, failed, refusal, refusal, enough]);
  });

  it('refuses a configuration that would not be one command', async () => {
    const workflow = await start([job('a')], { extra: '--exclusive\n--wrap=id' });
    const { exitCode, stderr } = await run('schedule-nodes', workflow);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('scheduler short: extra: it holds a line end');
    expect(await states(workflow)).toEqual([]);
  });

  it('cancels allocations', async () => {
    // An allocation has one processor, so that one of them stays ready: for none, no second allocation is asked for.
    const workflow = await start([job('a', { command: 'sleep 600' }), job('b', { command: 'sleep 600' })]);
    await run('schedule-nodes', workflow);
    await eventually(() => states(workflow), ['active']);
    const [running] = squeue('%A');
    const { stdout: queued, ...scheduled } = await run('schedule-nodes', workflow);
    expect(scheduled).toEqual({ exitCode: 0, stderr: '' });
    expect(await run('cancel --queued', workflow)).toMatchObject({ exitCode: 0, stdout: queued });
    expect(await states(workflow)).toEqual(['active', 'complete']);
    expect(await run('cancel', workflow)).toMatchObject({ exitCode: 0, stdout: `${running ?? ''}\n` });
    expect(await states(workflow)).toEqual(['complete', 'complete']);
    await eventually(() => squeue('%A'), []);
  });

  it('names no token of an address in its messages', async () => {
    const workflow = await start([job('a')]);
    const CAIRN_SERVER = `${cairn.url}/t/refused-token/_db/torc/torc-service`;
    const { exitCode, stdout, stderr } = await run('schedule-nodes', workflow, { CAIRN_SERVER });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('401');
    expect(stdout + stderr).not.toContain('refused-token');
  });

  it('says what is missing', async () => {
    const workflow = await start([]);
    expect(await run('schedule-nodes', workflow)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no job is ready: start the workflow first') as string,
    });
    const noServer = await runCommandLine(slurmCommand, 'watch --workflow 97', {});
    expect(noServer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('CAIRN_SERVER') as string });
    const other = await start([job('a')]);
    expect(await run('schedule-nodes --scheduler long', other)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/give --scheduler .*\(short\)/) as string,
    });
  });
});
