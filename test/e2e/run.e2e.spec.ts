import {
  existsSync,
  mkdirSync,
  readdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { type Child, startScript } from '../../apps/cairn/src/demo/child.js';
import { statOf } from '../../apps/cairn/src/worker/process-stat.js';
import { startDistributed, startEmbedded } from '../harness/cairn-process.js';
import type { HttpClient } from '../harness/http-client.js';
import { useTestCluster } from '../harness/test-cluster.js';

const MAIN = resolve('dist/apps/cairn/src/main.js');
const SMALL = { name: 'small', num_cpus: 1, memory: '10m', runtime: 'PT1M' };

type Fields = Readonly<Record<string, unknown>>;

interface Run {
  readonly code: number;
  readonly text: string;
}

/** A folder with a workflow in it, and runners of it. */
class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'cairn-run-'));
  private readonly children: Child[] = [];

  /** @param options of every runner */
  constructor(private readonly options: () => readonly string[] = () => []) {}

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Writes `w.json`: all jobs are small unless they say otherwise. */
  workflow(specification: Fields & { readonly jobs: readonly Fields[] }): void {
    const jobs = specification.jobs.map((job) => ({ resource_requirements: 'small', ...job }));
    this.write('w.json', JSON.stringify({ resource_requirements: [SMALL], ...specification, jobs }));
  }

  start(...words: readonly string[]): Child & { readonly text: () => string } {
    const lines: string[] = [];
    const onLine = (line: string): void => void lines.push(line);
    const fixed = ['run', '--workdir', this.folder, '--poll', '0.1', '--cpus', '2', '--memory', '1'];
    const child = startScript(MAIN, [...fixed, ...this.options(), ...words], { onLine, onErrorLine: onLine });
    this.children.push(child);
    return { ...child, text: () => lines.join('\n') };
  }

  async run(...words: readonly string[]): Promise<Run> {
    const child = this.start(...words);
    const code = await child.ended;
    return { code, text: child.text() };
  }

  /** Runs the workflow file. */
  first(...words: readonly string[]): Promise<Run> {
    return this.run(this.path('w.json'), ...words);
  }

  resume(...words: readonly string[]): Promise<Run> {
    return this.run('--resume', ...words);
  }

  /** The report, by names of jobs; of a job that has ended several times the last line. */
  report(): ReadonlyMap<string, Fields> {
    const lines = this.read('w.run/report.jsonl').trimEnd().split('\n');
    return new Map(lines.map((line) => JSON.parse(line) as Fields).map((entry) => [String(entry['name']), entry]));
  }

  async remove(): Promise<void> {
    for (const child of this.children.splice(0)) {
      child.process.kill('SIGKILL');
      await child.ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Kills the server of the runner, whose child the job is, too. */
const KILL_SERVER =
  'for p in $(cat /proc/$PPID/task/*/children); do grep -qa "[u]ntil-stdin-ends" /proc/$p/cmdline && kill -9 $p; done; true';

/** Two jobs between a first and a last one, by files. `log` gets a line for each job that runs. */
const diamond = {
  files: ['in', 'a', 'b', 'c', 'out'].map((name) => ({ name, path: name })),
  jobs: [
    { name: 'first', command: 'echo first >> log; cp in a', input_files: ['in'], output_files: ['a'] },
    { name: 'left', command: 'echo left >> log; rev a > b', input_files: ['a'], output_files: ['b'] },
    { name: 'right', command: 'echo right >> log; tr a-z A-Z < a > c', input_files: ['a'], output_files: ['c'] },
    { name: 'last', command: 'echo last >> log; cat b c > out', input_files: ['b', 'c'], output_files: ['out'] },
  ],
};

describe('cairn run, with a Cairn of its own', () => {
  let work: Workspace;

  beforeEach(() => {
    work = new Workspace();
  });

  afterEach(() => work.remove());

  it('runs what depends on files in order, keeps what it prints, reports the hashes of outputs, and starts its server again', async () => {
    work.write('in', 'stone\n');
    work.workflow({
      ...diamond,
      jobs: [
        ...diamond.jobs,
        { name: 'talk', command: 'echo $TORC_JOB_KEY; echo no >&2' },
        { name: 'kill', command: KILL_SERVER, blocked_by: ['first'] },
      ],
    });
    const { code, text } = await work.first();
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('6 of 6 jobs are done') as string });
    expect(text).toContain('the server of this run has ended with code -1: starts it again');
    expect(work.read('out')).toBe('enots\nSTONE\n');
    const order = work.read('log').trimEnd().split('\n');
    expect([order[0], order.slice(1, 3).sort(), order[3]]).toEqual(['first', ['left', 'right'], 'last']);
    const talk = work.report().get('talk');
    expect(work.read(`w.run/run-1/${String(talk?.['job'])}-talk.out`)).toBe(`${String(talk?.['job'])}\n`);
    expect(work.read(`w.run/run-1/${String(talk?.['job'])}-talk.err`)).toBe('no\n');
    expect(work.report().get('last')).toMatchObject({
      ...{ status: 'done', return_code: 0, run_id: 1, missing: [] },
      outputs: [{ path: 'out', bytes: 12, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
    });

    // The folder holds a run by now.
    expect(await work.first()).toMatchObject({ code: 2, text: expect.stringContaining('--resume goes on') as string });
  });

  it('says where to look when its server does not start, and goes on when it does', async () => {
    work.workflow({ jobs: [{ name: 'a', command: 'true' }] });
    mkdirSync(work.path('w.run'));
    work.write('w.run/data', 'no folder');
    const { code, text } = await work.first();
    expect(code).toBe(1);
    expect(text).toMatch(
      /^the server of this run does not start: .* \(see .*w\.run\/server\.log\)\n--resume goes on with the run in /m,
    );
    rmSync(work.path('w.run/data'));
    expect(await work.resume()).toMatchObject({ code: 0 });
  });

  it('says how to go on when the disk takes no results', async () => {
    work.workflow({ jobs: [{ name: 'a', command: 'true' }] });
    mkdirSync(work.path('w.run'));
    symlinkSync('/dev/full', work.path('w.run/report.jsonl'));
    const { code, text } = await work.first();
    expect(code).toBe(1);
    expect(text).toMatch(/^ENOSPC: no space left on device.*\n--resume goes on with the run in /m);
    rmSync(work.path('w.run/report.jsonl'));
    expect(await work.resume()).toMatchObject({ code: 0 });
  });

  it('goes on after it was killed: what is done stays done, and what it has left is ended', async () => {
    work.workflow({
      jobs: [
        { name: 'before', command: 'echo before >> log' },
        {
          name: 'long',
          command:
            'echo long >> log; if [ -e second ]; then exit 0; fi; echo $$ > pid; while :; do sleep 0.05; date > alive; done',
          blocked_by: ['before'],
        },
        { name: 'after', command: 'echo after >> log', blocked_by: ['long'] },
      ],
    });
    const runner = work.start(work.path('w.json'));
    // The runner, its server and two jobs start one after the other: each has as long as a busy machine may take.
    for (const file of ['w.run/state.json', 'log', 'alive']) {
      await eventually(() => existsSync(work.path(file)) || runner.text(), true);
    }
    expect(await work.resume()).toMatchObject({
      code: 2,
      text: expect.stringContaining('another runner works on') as string,
    });
    runner.process.kill('SIGKILL');
    await runner.ended;
    const pid = Number(work.read('pid'));
    const before = await statOf(pid);
    expect(before).toMatchObject({ isZombie: false });
    work.write('second', '');
    const { code, text } = await work.resume();
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringContaining('a killed runner had left') as string,
    });
    // The system may not have asked for its exit code yet, and may have given its id to another process.
    const left = await statOf(pid);
    if (left?.start === before?.start) expect(left).toMatchObject({ isZombie: true });
    expect(work.read('log')).toBe('before\nlong\nlong\nafter\n');
    expect(existsSync(work.path('w.run', 'lock'))).toBe(false);
  }, 300_000);
});

describe.each([
  ['embedded', startEmbedded],
  ['distributed', startDistributed],
] as const)('cairn run --server, %s', (mode, start) => {
  const cluster = useTestCluster({ start });
  const tokens = mkdtempSync(join(tmpdir(), 'cairn-run-token-'));
  let work: Workspace;

  beforeAll(async () => {
    const token = await cluster().cairn.token({ username: 'alice', roles: ['user'], groups: ['users'] });
    writeFileSync(join(tokens, 'token'), token, { mode: 0o600 });
  });

  afterAll(() => {
    rmSync(tokens, { recursive: true, force: true });
  });

  beforeEach(() => {
    work = new Workspace(() => ['--server', cluster().cairn.url, '--token-file', join(tokens, 'token')]);
  });

  afterEach(() => work.remove());

  const api = (): HttpClient => cluster().alice;

  const workflowKey = (): string => String((JSON.parse(work.read('w.run/state.json')) as Fields)['workflow']);

  const list = async (rest: string): Promise<readonly Fields[]> => {
    const { json } = await api().get(`/workflows/${workflowKey()}/${rest}`);
    return (json as { items: readonly Fields[] }).items;
  };

  const jobs = async (): Promise<Readonly<Record<string, unknown>>> =>
    Object.fromEntries((await list('jobs')).map(({ name, status }) => [String(name), status]));

  it('leaves what the real client leaves: results, edges, file times, statistics, events', async () => {
    const busy = `node -e 'const end = Date.now() + 300; while (Date.now() < end);'`;
    work.workflow({
      files: [{ name: 'f', path: 'f' }],
      jobs: [{ name: 'busy', command: `${busy}; echo x > f`, output_files: ['f'] }],
      config: { compute_node_resource_stats: { process: true, interval: 1 } },
    });
    const { code, text } = await work.first();
    expect({ code, text }).toMatchObject({ code: 0 });
    const [job] = await list('jobs');
    expect(job).toMatchObject({ name: 'busy', status: 'done' });
    expect(await list('results')).toMatchObject([
      { job_key: job?.['_key'], run_id: 1, return_code: 0, status: 'done' },
    ]);
    const [file] = await list('files');
    expect(typeof file?.['st_mtime']).toBe('number');
    const [stats] = await list('job_process_stats');
    expect(stats).toMatchObject({ job_key: job?.['_key'], run_id: 1 });
    for (const field of ['avg_cpu_percent', 'max_cpu_percent', 'avg_rss', 'max_rss', 'num_samples']) {
      expect(stats?.[field]).toBeGreaterThan(0);
    }
    expect(await list('edges/process_used')).toMatchObject([{ _from: job?.['_id'], _to: stats?.['_id'] }]);
    const [node] = await list('compute_nodes');
    expect(node).toMatchObject({ is_active: false, resources: { num_cpus: 2, memory_gb: 1, num_gpus: 0 } });
    expect(await list('edges/executed')).toMatchObject([{ _from: node?.['_id'], _to: job?.['_id'] }]);
    expect(await list('edges/node_used')).toMatchObject([{ _from: node?.['_id'] }]);
    // Torc contract 5.13: 1 + 2 + 2n.
    const events = await list('events');
    expect(events.map(({ category, type }) => `${String(category)}/${String(type)}`)).toEqual([
      'workflow/start',
      'worker/start',
      'job/start',
      'job/complete',
      'worker/stop',
    ]);
  });

  it('runs again what depends on files that have changed, and nothing else', async () => {
    work.write('in', 'stone\n');
    work.workflow(diamond);
    expect(await work.first()).toMatchObject({ code: 0 });
    const ran = (): readonly string[] => work.read('log').trimEnd().split('\n').slice(4);
    expect(await work.resume()).toMatchObject({ code: 0 });
    expect(ran()).toEqual([]);
    utimesSync(work.path('c'), 1, 1);
    const { code, text } = await work.resume();
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('files have changed: c') as string });
    expect(ran()).toEqual(['last']);
    rmSync(work.path('b'));
    expect(await work.resume()).toMatchObject({ code: 0 });
    expect(ran()).toEqual(['last', 'left', 'last']);
    work.write('in', 'pebble\n');
    expect(await work.resume()).toMatchObject({ code: 0 });
    expect(work.read('out')).toBe('elbbep\nPEBBLE\n');
  });

  it('refuses what cannot run, before anything has run', async () => {
    work.workflow({ jobs: [{ name: 'a', command: 'touch ran', input_files: ['none'] }] });
    expect(await work.first()).toMatchObject({ code: 7, text: expect.stringContaining('none') as string });
    // The file is mended; the folder can be used again.
    work.workflow({
      files: [{ name: 'none', path: 'none' }],
      jobs: [{ name: 'a', command: 'touch ran', input_files: ['none'] }],
    });
    const { code, text } = await work.first();
    expect({ code, text }).toMatchObject({
      code: 7,
      text: expect.stringContaining('files are missing that jobs need: none\n--resume goes on') as string,
    });
    expect(existsSync(work.path('ran'))).toBe(false);
    work.write('none', '');
    expect(await work.resume()).toMatchObject({ code: 0 });
  });

  it('tells failed jobs, and runs them again when it is told to', async () => {
    work.workflow({
      files: [{ name: 'f', path: 'never' }],
      jobs: [
        { name: 'good', command: 'echo good >> log' },
        { name: 'bad', command: 'echo bad >> log; [ -e mended ] || { echo "no luck" >&2; exit 3; }' },
        { name: 'loser', command: '[ ! -e mended ] || touch never', output_files: ['f'] },
        { name: 'child', command: 'echo child >> log', blocked_by: ['bad'] },
      ],
    });
    const { code, text } = await work.first();
    expect(code).toBe(4);
    expect(text).toMatch(/failed {4}bad after [\d.]+ s: code 3: no luck/);
    expect(text).toMatch(/failed {4}loser after [\d.]+ s: its outputs are missing: never/);
    expect(text).toContain('canceled: child');
    expect(text).toContain('--resume --rerun-failed runs jobs again that failed or were canceled');
    expect(await jobs()).toEqual({ good: 'done', bad: 'done', loser: 'done', child: 'canceled' });
    expect(work.report().get('loser')).toMatchObject({ return_code: 1, missing: ['never'] });
    work.write('mended', '');
    // The job whose output is gone runs again; others that have failed do not.
    expect(await work.resume()).toMatchObject({ code: 4 });
    expect(work.report().get('loser')).toMatchObject({ return_code: 0, run_id: 2 });
    expect(work.read('log').trimEnd().split('\n').sort()).toEqual(['bad', 'good']);
    expect(await work.resume('--rerun-failed')).toMatchObject({ code: 0 });
    expect(work.read('log').trimEnd().split('\n').sort()).toEqual(['bad', 'bad', 'child', 'good']);
  });

  it('runs jobs with parameters, and what is to be done when the workflow starts and ends', async () => {
    work.workflow({
      parameters: { i: '1:3' },
      files: [{ name: 'out_{i}', path: 'out_{i:02d}', use_parameters: ['i'] }],
      jobs: [
        { name: 'work_{i}', command: 'echo {i} > ${files.output.out_{i}}', use_parameters: ['i'] },
        { name: 'sum', command: 'cat out_0? > sum', blocked_by: ['work_1', 'work_2', 'work_3'] },
      ],
      actions: [
        {
          trigger_type: 'on_workflow_start',
          action_type: 'run_commands',
          commands: ['echo begin >> log', 'ls >> log'],
        },
        { trigger_type: 'on_workflow_complete', action_type: 'run_commands', commands: ['cat sum >> log', 'exit 3'] },
        { trigger_type: 'on_worker_start', action_type: 'run_commands', commands: ['echo worker >> log'] },
        { trigger_type: 'on_worker_complete', action_type: 'run_commands', commands: ['echo ends > worker'] },
      ],
    });
    const { code, text } = await work.first();
    expect(code).toBe(0);
    expect(work.read('sum')).toBe('1\n2\n3\n');
    // Before any job: there is no output yet.
    expect(work.read('log')).toMatch(/^begin\n(?!out_)[^]*\nworker\n1\n2\n3\n$/);
    expect(work.read('worker')).toBe('ends\n');
    expect(work.read('log')).not.toContain('out_01');
    expect(text).toMatch(/action 1 \(on_workflow_start\) is done/);
    expect(text).toMatch(/action 2 \(on_workflow_complete\): exit 3 has failed: code 3/);
  });

  it('waits for jobs that are retried', async () => {
    const failure_handler = { rules: [{ exit_codes: [75], max_retries: 2, delay_seconds: 1 }] };
    work.workflow({
      jobs: [{ name: 'a', command: 'echo a >> log; [ $(wc -l < log) = 2 ] || exit 75', failure_handler }],
    });
    const { code, text } = await work.first();
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringMatching(/failed {4}a .*\ndone {6}a /) as string,
    });
    expect(work.read('log')).toBe('a\na\n');
  });

  it('stops jobs at the time limit, those that support it with SIGTERM', async () => {
    const waits = 'while [ ! -e go ]; do sleep 0.05; done';
    work.workflow({
      resource_requirements: [{ ...SMALL, runtime: 'PT0.1S' }],
      jobs: [
        { name: 'polite', command: `trap 'touch saved; exit 7' TERM; ${waits}`, supports_termination: true },
        { name: 'plain', command: `${waits}; echo plain >> log` },
        { name: 'child', command: 'echo child >> log', blocked_by: ['plain'] },
      ],
    });
    const { code, text } = await work.first('--time-limit', '3');
    expect({ code, text }).toMatchObject({
      code: 6,
      text: expect.stringContaining('the time limit is over') as string,
    });
    expect(await jobs()).toEqual({ polite: 'terminated', plain: 'terminated', child: 'canceled' });
    expect(existsSync(work.path('saved'))).toBe(true);
    const codes = (await list('results')).map(({ return_code }) => Number(return_code));
    expect(codes.sort((left, right) => left - right)).toEqual([-15, 7]);
    work.write('go', '');
    expect(await work.resume()).toMatchObject({ code: 0 });
    expect(work.read('log')).toBe('plain\nchild\n');
  });

  it('ends after Ctrl-C, and goes on when it is resumed', async () => {
    const waits = 'touch up; while [ ! -e go ]; do sleep 0.05; done; echo a >> log';
    work.workflow({
      jobs: [
        { name: 'a', command: waits },
        { name: 'b', command: 'echo b >> log', blocked_by: ['a'] },
      ],
    });
    const runner = work.start(work.path('w.json'), '--grace', '0');
    await eventually(() => existsSync(work.path('up')), true);
    runner.process.kill('SIGINT');
    expect(await runner.ended).toBe(6);
    expect(runner.text()).toContain('SIGINT: claims no more jobs');
    expect(runner.text()).toContain(`--resume goes on with the run in ${work.path('w.run')}`);
    expect(await jobs()).toEqual({ a: 'terminated', b: 'canceled' });
    work.write('go', '');
    expect(await work.resume()).toMatchObject({ code: 0 });
    expect(work.read('log')).toBe('a\nb\n');
  });

  it('kills its jobs when somebody cancels the workflow', async () => {
    work.workflow({
      jobs: [
        { name: 'a', command: 'touch up; sleep 600' },
        { name: 'b', command: 'true', blocked_by: ['a'] },
      ],
    });
    const runner = work.start(work.path('w.json'));
    await eventually(() => existsSync(work.path('up')), true);
    await eventually(jobs, { a: 'submitted', b: 'blocked' });
    await api().put(`/workflows/${workflowKey()}/cancel`, {});
    expect(await runner.ended).toBe(5);
    expect(await jobs()).toEqual({ a: 'canceled', b: 'blocked' });
    expect(await list('results')).toMatchObject([{ return_code: -9, status: 'canceled' }]);
    expect(await list('compute_nodes')).toMatchObject([{ is_active: false }]);
  });

  it('says which jobs do not fit', async () => {
    work.workflow({
      resource_requirements: [SMALL, { ...SMALL, name: 'huge', num_cpus: 99 }],
      jobs: [
        { name: 'a', command: 'true' },
        { name: 'b', command: 'true', resource_requirements: 'huge' },
      ],
    });
    const { code, text } = await work.first();
    expect(code).toBe(8);
    expect(text).toContain('left: b');
    expect(text).toMatch(/no ready job fits/);
  });

  it('keeps a result that it could not report, and a resumed one reports it instead of running the job again', async () => {
    work.workflow({
      jobs: [
        { name: 'a', command: 'echo a >> log; touch up; while [ ! -e go ]; do sleep 0.05; done' },
        { name: 'b', command: 'echo b >> log', blocked_by: ['a'] },
      ],
    });
    const runner = work.start(work.path('w.json'));
    await eventually(() => existsSync(work.path('up')), true);
    await eventually(jobs, { a: 'submitted', b: 'blocked' });
    await cluster().cairn.restart({
      ...(mode === 'distributed' && { only: ['gateway'] }),
      meanwhile: async () => {
        work.write('go', '');
        const results = (): readonly string[] =>
          existsSync(work.path('w.run', 'spool')) ? readdirSync(work.path('w.run', 'spool')) : [];
        await eventually(() => results().filter((name) => !name.endsWith('.part')).length, 1);
        runner.process.kill('SIGKILL');
        await runner.ended;
      },
    });
    const { code, text } = await work.resume('--server', cluster().cairn.url);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('delivered a') as string });
    expect(work.read('log')).toBe('a\nb\n');
    expect(readdirSync(work.path('w.run', 'spool'))).toEqual([]);
  });
});
