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

const attempt = async (task: string, taskId: string, signal = new AbortController().signal): Promise<Attempt> => {
  const workspace = new Workspace(join(folder, 'work'), { datasetId: 'D/1', jobId: 'J', taskId });
  return attemptTask(
    {
      config: parseJson(`{"tasks": [{"name": "a", ${task}}]}`),
      dataset: parseJson('{"dataset": 1}'),
      task: parseJson('{"name": "a", "job_index": 4}'),
      about: { attempt: 1 },
      sources: folder,
      signal,
    },
    workspace,
  );
};

const oneModule = (module: string, data = '[]'): string => `"trays": [{"modules": [${module}]}], "data": ${data}`;

describe('attemptTask', () => {
  it('hands files from task to task of a job and reads what the task says of itself', async () => {
    source('write.sh', 'echo "job $1" > out.txt; echo \'{"digits": 1.50}\' > stats.json');
    source('read.sh', 'test "$(cat in.txt)" = "job 4"');
    const out = '[{"type": "job_temp", "movement": "output", "local": "out.txt", "remote": "shared.txt"}]';
    const first = await attempt(oneModule('{"src": "write.sh", "args": "$(job)"}', out), 'T1');
    expect(first).toMatchObject({ failure: undefined, stats: '{"digits":1.50}' });
    const input = '[{"type": "job_temp", "movement": "input", "local": "in.txt", "remote": "shared.txt"}]';
    expect((await attempt(oneModule('{"src": "read.sh"}', input), 'T2')).failure).toBeUndefined();
  });

  it('gives exit code and last words of what failed', async () => {
    source('fail.sh', 'echo on stdout; echo no more ice >&2; exit 3');
    const { failure } = await attempt(oneModule('{"name": "drill", "src": "fail.sh"}'), 'T');
    expect(failure).toBe('drill: exit code 3: no more ice');
    expect(readFileSync(join(folder, 'work', 'tasks', 'T', 'stdout'), 'utf8')).toBe('on stdout\n');
  });

  it('fails when a file is not there, unless it may be missing', async () => {
    source('ok.sh', 'true');
    const data = (transfer: string): string =>
      `[{"type": "job_temp", "movement": "input", "local": "gone.txt", "transfer": ${transfer}}]`;
    expect((await attempt(oneModule('{"src": "ok.sh"}', data('true')), 'T')).failure).toContain('gone.txt');
    expect((await attempt(oneModule('{"src": "ok.sh"}', data('"maybe"')), 'T')).failure).toBeUndefined();
  });

  it('says when a program does not exist', async () => {
    expect((await attempt(oneModule('{"src": "no-such-program-here"}'), 'T')).failure).toContain('did not start');
  });

  it('fails when its work folder cannot be made', async () => {
    source('work', 'a file');
    expect((await attempt(oneModule('{"src": "true"}'), 'T')).failure).toContain('ENOTDIR');
  });

  it('ends the process and its children when told to', async () => {
    const abort = new AbortController();
    source('long.sh', 'sleep 600 & echo started > started; wait');
    const running = attempt(oneModule('{"src": "long.sh"}'), 'T', abort.signal);
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
