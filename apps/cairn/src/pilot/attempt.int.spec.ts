import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#platform/testing/eventually.js';
import { attemptTask, type Attempt } from './attempt.js';
import { parseJson } from '#contracts/iceprod/config/json.js';
import { hasBubblewrap } from '../testing/bubblewrap.js';
import { bubblewrapSandbox, type TaskAccess } from '../worker/sandbox/bubblewrap.js';
import { openSandbox } from '../worker/sandbox/open-sandbox.js';
import { noSandbox, type Sandbox } from '../worker/sandbox/sandbox.js';
import { asUser } from '../worker/sandbox/system-user.js';
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
  readonly sandbox?: Sandbox;
}

const BIG = 'const a = Buffer.alloc(150e6, 1); const end = Date.now() + 300; while (Date.now() < end) a.at(0);';

const never = new AbortController().signal;

const attempt = async (
  task: string,
  taskId: string,
  {
    interrupted = never,
    halted = never,
    outputBytesMax = 1e6,
    environment = { PATH: String(process.env['PATH']) },
    sandbox = noSandbox,
  }: Limits = {},
): Promise<Attempt> => {
  const workspace = new Workspace(join(folder, 'work'), { datasetId: 'D/1', jobId: 'J', taskId }, sandbox.user);
  return attemptTask(
    {
      config: parseJson(`{"tasks": [{"name": "a", ${task}}]}`),
      dataset: parseJson('{"dataset": 1}'),
      task: parseJson('{"name": "a", "job_index": 4}'),
      about: { attempt: 1 },
      sources: folder,
      sandbox,
      environment,
      outputBytesMax,
      end: { interrupted, halted },
    },
    workspace,
  );
};

const oneModule = (module: string, data = '[]'): string => `"trays": [{"modules": [${module}]}], "data": ${data}`;

/** As {@link attempt}, with the data of a task that stores a file. */
const storing = (script: string, local: string, sandbox?: Sandbox): Promise<Attempt> => {
  source('script.sh', script);
  const data = JSON.stringify([{ type: 'job_temp', movement: 'output', local, remote: 'stored' }]);
  return attempt(oneModule('{"src": "script.sh"}', data), 'T', sandbox === undefined ? {} : { sandbox });
};

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
    ['a script is missing', 'missing.py', 'missing.py did not start: tasks cannot read'],
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
    const seen = readFileSync(join(folder, 'work', 'tasks', 'T', 'work', 'seen.txt'), 'utf8');
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
    process.kill(Number(readFileSync(join(folder, 'work', 'tasks', 'T', 'work', 'daemon.pid'), 'utf8')));
    expect(failure).toBeUndefined();
    expect(readFileSync(String(outputs.get('stdout')), 'utf8')).toBe('done\n');
  });

  it('kills a process that ignores SIGTERM when it is halted', async () => {
    const halt = new AbortController();
    source('stubborn.sh', 'trap "" TERM; echo started > started; while true; do sleep 0.1; done');
    const running = attempt(oneModule('{"src": "stubborn.sh"}'), 'T', { halted: halt.signal });
    await eventually(() => existsSync(join(folder, 'work', 'tasks', 'T', 'work', 'started')), true);
    halt.abort();
    expect((await running).failure).toContain('SIGKILL');
  });

  it('ends the process and its children when it is interrupted', async () => {
    const abort = new AbortController();
    source('long.sh', 'sleep 600 & echo started > started; wait');
    const running = attempt(oneModule('{"src": "long.sh"}'), 'T', { interrupted: abort.signal });
    const started = join(folder, 'work', 'tasks', 'T', 'work', 'started');
    await eventually(() => existsSync(started), true);
    abort.abort();
    expect((await running).failure).toContain('SIGTERM');
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('measures time and memory', async () => {
    source('big.mjs', BIG);
    const { usage } = await attempt(oneModule('{"src": "big.mjs"}'), 'T');
    expect(usage.seconds).toBeGreaterThan(0.3);
    expect(usage.memoryBytes).toBeGreaterThan(150e6);
    expect(usage.cpu).toBeGreaterThan(0);
  });

  describe('of a task that puts links and pipes in the place of files', () => {
    const secret = (): string => join(folder, 'secret');

    beforeEach(() => source('secret', '{"secret": 1}'));

    it.each([
      ['a link out of its folder', (): string => `ln -s ${secret()} out`],
      ['a folder that leads out', (): string => `ln -s ${folder} sub`, 'sub/secret'],
      ['a pipe', (): string => 'mkfifo out'],
      ['a device', (): string => 'ln -s /dev/zero out'],
    ])('stores no output: %s', async (_what, script, local = 'out') => {
      const { failure, isMachineFailure } = await storing(script(), local);
      expect({ failure, isMachineFailure }).toEqual({
        failure: `cannot copy job_temp file ${local}`,
        isMachineFailure: false,
      });
      expect(readdirSync(join(folder, 'work', 'jobs', 'D%2F1', 'J'))).toEqual([]);
    });

    it('stores a file that a link inside of its folder names', async () => {
      expect((await storing('echo text > numbered; ln -s numbered out', 'out')).failure).toBeUndefined();
      expect(readFileSync(join(folder, 'work', 'jobs', 'D%2F1', 'J', 'stored'), 'utf8')).toBe('text\n');
    });

    it.each([
      ['a link', (): string => `ln -s ${secret()} stats.json`],
      ['a pipe', (): string => 'mkfifo stats.json'],
      ['a file without end', (): string => 'truncate -s 100G stats.json'],
    ])('takes no statistics from %s', async (_what, script) => {
      source('script.sh', script());
      expect(await attempt(oneModule('{"src": "script.sh"}'), 'T')).toMatchObject({
        failure: undefined,
        stats: undefined,
      });
    });

    it.each([
      ['the config of its next process', 'planted.json'],
      ['its output', 'stdout'],
    ])('writes %s to no other file', async (_what, name) => {
      source('plant.sh', `ln -sf ${secret()} ${name}; echo overwritten`);
      const modules = '{"src": "plant.sh"}, {"src": "true", "configs": {"planted.json": {"overwritten": true}}}';
      await attempt(oneModule(modules), 'T');
      expect(readFileSync(secret(), 'utf8')).toBe('{"secret": 1}');
    });

    it('removes folders whose rights it has taken', async () => {
      await storing('mkdir -p a/b; touch a/b/c; chmod 0 a/b a', 'none');
      await new Workspace(join(folder, 'work'), { datasetId: 'D/1', jobId: 'J', taskId: 'T' }, undefined).remove();
      expect(readdirSync(join(folder, 'work', 'tasks'))).toEqual([]);
    });
  });

  const inBubblewrap = hasBubblewrap ? describe : describe.skip;
  inBubblewrap('in bubblewrap', () => {
    const inSandbox = async (script: string, more: Partial<TaskAccess> = {}, limits: Limits = {}): Promise<Attempt> => {
      source('script.sh', script);
      const access = { readable: [folder], writable: [], workdir: join(folder, 'work'), secrets: [], ...more };
      mkdirSync(access.workdir, { recursive: true });
      // Files of a test under a strict umask are for its own user alone.
      const user = process.getuid?.() === 0 ? 'root' : undefined;
      const environment = { PATH: String(process.env['PATH']) };
      const choice = { access: { network: true, gpus: false, ...access }, user, environment };
      const sandbox = await openSandbox({ kind: 'bubblewrap', ...choice }, () => undefined);
      return attempt(oneModule('{"src": "script.sh"}'), 'T', { ...limits, sandbox });
    };
    const inWork = (name: string): string => join(folder, 'work', 'tasks', 'T', 'work', name);

    it('ends processes of the task that have become daemons', async () => {
      expect(
        (await inSandbox('setsid sh -c "while sleep 0.05; do date > alive; done" & sleep 0.2')).failure,
      ).toBeUndefined();
      const last = (): string => readFileSync(inWork('alive'), 'utf8') + String(statSync(inWork('alive')).mtimeMs);
      const before = last();
      await delay(300);
      expect(last()).toBe(before);
    });

    it('lets an interrupted task end by itself', async () => {
      const abort = new AbortController();
      const script = 'trap "echo saved > saved; exit 4" TERM; echo > started; while true; do sleep 0.05; done';
      const running = inSandbox(script, {}, { interrupted: abort.signal });
      await eventually(() => existsSync(inWork('started')), true);
      abort.abort();
      expect((await running).failure).toContain('exit code 4');
      expect(readFileSync(inWork('saved'), 'utf8')).toBe('saved\n');
    });

    it('kills a task that ignores signals when it is halted', async () => {
      const halt = new AbortController();
      const script = 'trap "" TERM; echo > started; while true; do sleep 0.05; done';
      const running = inSandbox(script, {}, { halted: halt.signal });
      await eventually(() => existsSync(inWork('started')), true);
      halt.abort();
      expect((await running).failure).toContain('SIGKILL');
    });

    it('measures what the task uses', async () => {
      source('big.mjs', BIG);
      const { usage, failure } = await inSandbox(`"${process.execPath}" ${join(folder, 'big.mjs')}`);
      expect(failure).toBeUndefined();
      expect(usage.memoryBytes).toBeGreaterThan(150e6);
      expect(usage.cpu).toBeGreaterThan(0);
    });

    it('blames the machine for missing programs, and the task for its own failures', async () => {
      const failed = async (script: string): Promise<unknown> => (await inSandbox(script)).isMachineFailure;
      expect(await failed('no-such-program-here')).toBe(true);
      expect(await failed('exit 1')).toBe(false);
    });

    it('gives a temporary folder of its own, and what is writable, and no network if it is denied', async () => {
      const results = join(folder, 'results');
      mkdirSync(results);
      const others = ['/', '/dev', '/usr', join(folder, 'work')];
      const script = `
        for it in ${others.join(' ')}; do touch $it/planted && exit 1; done
        echo > /dev/shm/mine && echo > /tmp/mine && echo > ${results}/mine || exit 2
        cat /proc/net/dev | grep -cv lo:`;
      const { failure, outputs } = await inSandbox(`${script}; true`, { writable: [results], network: false });
      expect(failure).toBeUndefined();
      expect(readdirSync(results)).toEqual(['mine']);
      // Two lines are a heading.
      expect(readFileSync(String(outputs.get('stdout')), 'utf8')).toBe('2\n');
      expect(readdirSync(join(folder, 'work', 'tasks', 'T', 'tmp'))).toContain('mine');
    });

    it('copies permanent files with the rights of the task', async () => {
      const [data, results] = [join(folder, 'data'), join(folder, 'results')];
      for (const path of [data, results]) mkdirSync(path);
      source('data/in.txt', 'text');
      const secrets = join(folder, 'work', 'spool');
      mkdirSync(secrets, { recursive: true });
      source('work/spool/result', 'secret');
      source('copy.sh', 'cp in.txt out.txt');
      const transfer = (movement: string, remote: string): object => ({
        ...{ type: 'permanent', movement, remote, local: movement === 'input' ? 'in.txt' : 'out.txt' },
      });
      const access = { readable: [folder], writable: [results], workdir: join(folder, 'work'), secrets: [] };
      const choice = { kind: 'bubblewrap', access: { network: true, gpus: false, ...access } } as const;
      const user = process.getuid?.() === 0 ? 'root' : undefined;
      const sandbox = await openSandbox({ ...choice, user, environment: {} }, () => undefined);
      const copying = (from: string, to: string): Promise<Attempt> => {
        const transfers = JSON.stringify([transfer('input', from), transfer('output', to)]);
        return attempt(oneModule('{"src": "copy.sh"}', transfers), 'T', { sandbox });
      };
      expect((await copying(join(data, 'in.txt'), join(results, 'new', 'out.txt'))).failure).toBeUndefined();
      expect(readFileSync(join(results, 'new', 'out.txt'), 'utf8')).toBe('text');
      expect(await copying(join(secrets, 'result'), join(results, 'x'))).toMatchObject({
        failure: expect.stringMatching(/cannot copy permanent file in.txt: .*No such file/) as string,
        isMachineFailure: false,
      });
      expect((await copying(join(data, 'in.txt'), join(data, 'out.txt'))).failure).toMatch(/Read-only file system/);
    });

    const user = { name: 'nobody', uid: 65_534, gid: 65_534 };
    const [program = '', ...words] = asUser(user);
    // It also needs this Node.js, which may be in a folder of root alone.
    const runsNode = [...words, 'unshare', '--user', process.execPath, '--version'];
    const mayUnshare = spawnSync(program, runsNode).status === 0;
    (mayUnshare ? it : it.skip)('protects an ordinary user too, who needs user namespaces for it', async () => {
      const workdir = join(folder, 'work');
      mkdirSync(join(workdir, 'keys'), { recursive: true });
      source('work/keys/token', 'text');
      for (const path of [folder, workdir]) chmodSync(path, 0o711);
      chownSync(join(workdir, 'keys', 'token'), user.uid, user.gid);
      const access = { readable: [], writable: [], workdir, secrets: [], network: true, gpus: false };
      const own = bubblewrapSandbox(access, undefined);
      // What a pilot of that user would do.
      const sandbox: Sandbox = {
        ...own,
        user,
        launch: (command, folders) => {
          const launch = own.launch(command, folders);
          return { ...launch, words: [...asUser(user), ...launch.words] };
        },
      };
      const script = `test -e ${workdir}/keys || test -e /proc/${String(process.pid)} || touch /planted || id -u > mine`;
      const { failure } = await attempt(oneModule(JSON.stringify({ src: 'sh', args: ['-c', script] })), 'T', {
        sandbox,
      });
      expect(failure).toBeUndefined();
      expect(readFileSync(inWork('mine'), 'utf8')).toBe('65534\n');
    });

    it.each([
      ['a secret in a folder that tasks see', { secrets: ['secret'] }, 'move it out of'],
      ['the folder of all tasks', { readable: ['work/tasks'] }, 'tasks would see files of others'],
    ])('is refused with %s', async (_what, names, message) => {
      source('secret', 'text');
      mkdirSync(join(folder, 'work', 'tasks'), { recursive: true });
      const paths = Object.entries(names).map(([key, list]) => [key, list.map((name) => join(folder, name))]);
      await expect(inSandbox('true', Object.fromEntries(paths) as Partial<TaskAccess>)).rejects.toThrow(message);
    });

    it('hides the folder of a secret within a folder that tasks see', async () => {
      mkdirSync(join(folder, 'keys'));
      source('keys/token', 'text');
      const secrets = [join(folder, 'keys', 'token')];
      expect((await inSandbox(`test ! -e ${join(folder, 'keys', 'token')}`, { secrets })).failure).toBeUndefined();
    });
  });
});
