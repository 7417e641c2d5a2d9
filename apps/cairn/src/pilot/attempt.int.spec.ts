import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { attemptTask, type Attempt } from './attempt.js';
import { parseJson } from '#contracts/iceprod/config/json.js';
import { Workspace } from './workspace.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-attempt-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const source = (name: string, text: string): void => {
  writeFileSync(join(folder, name), text);
};

interface Limits {
  readonly interrupted?: AbortSignal;
  readonly halted?: AbortSignal;
  readonly outputBytesMax?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const never = new AbortController().signal;

const attempt = async (
  task: string,
  taskId: string,
  {
    interrupted = never,
    halted = never,
    outputBytesMax = 1e6,
    environment = { PATH: String(process.env['PATH']) },
  }: Limits = {},
): Promise<Attempt> => {
  const workspace = new Workspace(join(folder, 'work'), { datasetId: 'D/1', jobId: 'J', taskId });
  return attemptTask(
    {
      config: parseJson(`{"tasks": [{"name": "a", ${task}}]}`),
      dataset: parseJson('{"dataset": 1}'),
      task: parseJson('{"name": "a", "job_index": 4}'),
      about: { attempt: 1 },
      sources: folder,
      environment,
      outputBytesMax,
      end: { interrupted, halted },
    },
    workspace,
  );
};

const oneModule = (module: string, data = '[]'): string => `"trays": [{"modules": [${module}]}], "data": ${data}`;

describe('attemptTask', () => {
  it('passes files between the tasks of a job and reads the statistics that a task wrote', async () => {
    source('write.sh', 'echo "job $1" > out.txt; echo \'{"digits": 1.50}\' > stats.json');
    source('read.sh', 'test "$(cat in.txt)" = "job 4"');
    const out = '[{"type": "job_temp", "movement": "output", "local": "out.txt", "remote": "shared.txt"}]';
    const first = await attempt(oneModule('{"src": "write.sh", "args": "$(job)"}', out), 'T1');
    expect(first).toMatchObject({ failure: undefined, stats: '{"digits":1.50}' });
    const input = '[{"type": "job_temp", "movement": "input", "local": "in.txt", "remote": "shared.txt"}]';
    expect((await attempt(oneModule('{"src": "read.sh"}', input), 'T2')).failure).toBeUndefined();
  });

  it('reports the exit code and the last output of a failed process', async () => {
    source('fail.sh', 'echo on stdout; echo no more ice >&2; exit 3');
    const { failure, isMachineFailure } = await attempt(oneModule('{"name": "drill", "src": "fail.sh"}'), 'T');
    expect({ failure, isMachineFailure }).toEqual({
      failure: 'drill: exit code 3: no more ice',
      isMachineFailure: false,
    });
    expect(readFileSync(join(folder, 'work', 'tasks', 'T', 'stdout'), 'utf8')).toBe('on stdout\n');
  });

  it('fails when a file is missing, unless it is optional', async () => {
    source('ok.sh', 'true');
    const data = (transfer: string): string =>
      `[{"type": "job_temp", "movement": "input", "local": "gone.txt", "transfer": ${transfer}}]`;
    expect((await attempt(oneModule('{"src": "ok.sh"}', data('true')), 'T')).failure).toContain('gone.txt');
    expect((await attempt(oneModule('{"src": "ok.sh"}', data('"maybe"')), 'T')).failure).toBeUndefined();
  });

  it.each([
    ['a program is missing', 'no-such-program-here', 'did not start: spawn no-such-program-here ENOENT'],
    ['a script is missing', 'missing.py', 'did not start: ENOENT'],
    ['a script finds no program', 'calls-missing.sh', 'exit code 127'],
    ['a script calls what cannot be run', 'calls-a-folder.sh', 'exit code 126'],
  ])('blames the machine when %s', async (_what, src, message) => {
    source('calls-missing.sh', 'no-such-program-here');
    source('calls-a-folder.sh', '/');
    expect(await attempt(oneModule(JSON.stringify({ src })), 'T')).toMatchObject({
      failure: expect.stringContaining(message) as string,
      isMachineFailure: true,
    });
  });

  it('blames the machine when its work folder cannot be made', async () => {
    source('work', 'a file');
    expect(await attempt(oneModule('{"src": "true"}'), 'T')).toMatchObject({
      failure: expect.stringContaining('ENOTDIR') as string,
      isMachineFailure: true,
    });
  });

  it('does not blame the machine for a config that cannot be run', async () => {
    expect(await attempt(oneModule('{"src": "https://example.org/x.py"}'), 'T')).toMatchObject({
      isMachineFailure: false,
    });
  });

  it('passes only the allowed environment variables to processes', async () => {
    source('show.sh', 'env > seen.txt');
    await attempt(oneModule('{"src": "show.sh"}'), 'T', { environment: { PATH: '/usr/bin:/bin' } });
    const seen = readFileSync(join(folder, 'work', 'tasks', 'T', 'seen.txt'), 'utf8');
    expect(seen).toContain('PATH=/usr/bin:/bin\n');
    expect(seen).not.toContain('HOME=');
  });

  it('keeps the end of long output of all processes of a task', async () => {
    source('first.sh', 'echo gone; for i in $(seq 1000); do echo "line $i of the first"; done');
    source('second.sh', 'echo second');
    const modules = '{"src": "first.sh"}, {"src": "second.sh"}';
    const { outputs } = await attempt(oneModule(modules), 'T', { outputBytesMax: 1_000 });
    expect([...outputs.keys()]).toEqual(['stdout']);
    const text = readFileSync(String(outputs.get('stdout')), 'utf8');
    expect(text).toMatch(/^\[the first \d+ bytes are not kept\]\n/);
    expect(text.endsWith('line 999 of the first\nline 1000 of the first\nsecond\n')).toBe(true);
    expect(text.slice(text.indexOf('\n') + 1)).toHaveLength(1_000);
  });

  it('does not wait for descendants that outlive their parent', async () => {
    source('daemon.sh', 'setsid sleep 600 & echo $! > daemon.pid; echo done');
    const { failure, outputs } = await attempt(oneModule('{"src": "daemon.sh"}'), 'T');
    process.kill(Number(readFileSync(join(folder, 'work', 'tasks', 'T', 'daemon.pid'), 'utf8')));
    expect(failure).toBeUndefined();
    expect(readFileSync(String(outputs.get('stdout')), 'utf8')).toBe('done\n');
  });

  it('kills a process that ignores SIGTERM when it is halted', async () => {
    const halt = new AbortController();
    source('stubborn.sh', 'trap "" TERM; echo started > started; while true; do sleep 0.1; done');
    const running = attempt(oneModule('{"src": "stubborn.sh"}'), 'T', { halted: halt.signal });
    await eventually(() => existsSync(join(folder, 'work', 'tasks', 'T', 'started')), true);
    halt.abort();
    expect((await running).failure).toContain('SIGKILL');
  });

  it('ends the process and its children when it is interrupted', async () => {
    const abort = new AbortController();
    source('long.sh', 'sleep 600 & echo started > started; wait');
    const running = attempt(oneModule('{"src": "long.sh"}'), 'T', { interrupted: abort.signal });
    const started = join(folder, 'work', 'tasks', 'T', 'started');
    await eventually(() => existsSync(started), true);
    abort.abort();
    expect((await running).failure).toContain('SIGTERM');
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('measures time and memory', async () => {
    source(
      'big.mjs',
      'const a = Buffer.alloc(150e6, 1); const end = Date.now() + 300; while (Date.now() < end) a.at(0);',
    );
    const { usage } = await attempt(oneModule('{"src": "big.mjs"}'), 'T');
    expect(usage.seconds).toBeGreaterThan(0.3);
    expect(usage.memoryBytes).toBeGreaterThan(150e6);
    expect(usage.cpu).toBeGreaterThan(0);
  });
});
