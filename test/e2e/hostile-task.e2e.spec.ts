import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { hasBubblewrap } from '../../apps/cairn/src/testing/bubblewrap.js';
import { newDataset, newTask } from '../compat/iceprod/fixtures.js';
import { startEmbedded } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';

const MAIN = 'dist/apps/cairn/src/main.js';
const NOBODY = 65_534;
const INHERITED = 7;

const isRoot = process.getuid?.() === 0;

/** What the task knows about the machine, as if it had been told. */
interface Known {
  readonly url: string;
  readonly pilot: number;
  readonly folder: string;
  readonly daemon: string;
  /** Signal that it sends to the pilot; 0 only asks whether it could. */
  readonly signal: 0 | 9;
}

/** Files that it tries to write. It may have folders of the same names in its sandbox. */
const PLANTED = ['home/new', 'work/spool/new', 'work/tasks/new', 'work/tasks/other/work/new'];

/** Tries to get out, and prints a line `breach: …` for each way that works. */
const attack = ({ url, pilot, folder, daemon, signal }: Known): string => `
breach() { echo "breach: $1"; }
found=
reads() { text=$(cat "$2" 2>/dev/null | tr '\\0' '\\n' | head -c 100000); case $text in *$3*) breach "$1"; found="$found $text";; esac; }
reads 'token file' ${folder}/keys/token eyJ
reads 'environment of the pilot' /proc/${String(pilot)}/environ SECRET_OF_PILOT
reads 'command line of the pilot' /proc/${String(pilot)}/cmdline token-file
reads 'working folder of the pilot' /proc/${String(pilot)}/root${folder}/keys/token eyJ
reads 'spool' ${folder}/work/spool/kept.broken/result.json SPOOLED
reads 'folder of another task' ${folder}/work/tasks/other/work/data OTHER
reads 'file of the user' ${folder}/home/diary DIARY
for it in /proc/[0-9]*; do reads 'environment of a process' $it/environ SECRET_OF_PILOT; done
for it in 3 4 5 6 ${String(INHERITED)} 8 9; do reads 'inherited file' /proc/self/fd/$it DIARY; done
(: < /proc/${String(pilot)}/mem) 2>/dev/null && breach 'memory of the pilot'
for it in ${PLANTED.join(' ')}; do echo planted 2>/dev/null >> ${folder}/$it; done
for it in /usr/planted /etc/planted /planted; do touch $it 2>/dev/null && { rm $it; breach 'writing to the system'; }; done
kill -${String(signal)} ${String(pilot)} 2>/dev/null && breach 'signal to the pilot'
token=$(echo "$found" | grep -o 'eyJ[A-Za-z0-9._-]*' | head -n 1)
code=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" -d '{}' ${url}/task_actions/queue)
case $code in 401|403) ;; *) breach 'API';; esac
ln -s ${folder}/home/diary planted.json; mkfifo stats.json
setsid sh -c 'exec sleep ${daemon}' >/dev/null 2>&1 </dev/null &
sleep 0.1
echo done
`;

const commandLines = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`];
      } catch {
        return [];
      }
    });

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** The task of a plain user who has read the sources of Cairn. */
onLinux('a hostile task', () => {
  const cluster = useTestCluster({ start: startEmbedded });
  const folder = mkdtempSync(join(tmpdir(), 'cairn-hostile-task-'));
  const inFolder = (...names: readonly string[]): string => join(folder, ...names);

  beforeAll(async () => {
    // Others may pass, so that only modes and the sandbox protect what is in it.
    chmodSync(folder, 0o755);
    for (const name of [
      'keys',
      'home',
      'work',
      'work/spool',
      'work/spool/kept.broken',
      'work/tasks',
      'work/tasks/other',
    ]) {
      mkdirSync(inFolder(name));
      chmodSync(inFolder(name), name.startsWith('work') && !name.startsWith('work/spool') ? 0o711 : 0o700);
    }
    const token = await cluster().cairn.token({ username: 'farm', roles: ['worker'] });
    writeFileSync(inFolder('keys', 'token'), token, { mode: 0o600 });
    writeFileSync(inFolder('home', 'diary'), 'DIARY\n', { mode: 0o600 });
    writeFileSync(inFolder('work', 'spool', 'kept.broken', 'result.json'), 'SPOOLED\n', { mode: 0o600 });
    const other = inFolder('work', 'tasks', 'other', 'work');
    mkdirSync(other, { mode: 0o700 });
    writeFileSync(join(other, 'data'), 'OTHER\n', { mode: 0o600 });
    if (isRoot) for (const path of [other, join(other, 'data')]) chownSync(path, NOBODY, NOBODY);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the task on a pilot; resolves with what worked. The task's result and a daemon that lives on are looked up. */
  const breaches = async (sandbox: string, signal: Known['signal']): Promise<readonly string[]> => {
    const { cairn, alice, system } = cluster();
    const dataset = await newDataset(alice, { tasks_per_job: 1, tasks_submitted: 10 });
    const options = ['--url', cairn.url, '--token-file', inFolder('keys', 'token'), '--workdir', inFolder('work')];
    const offer = ['--dataset', dataset, '--memory', '1', '--disk', '1', '--poll', '0.05', '--max-failures', '1'];
    // The pilot inherits an open file, as from a careless script that starts it.
    const diary = openSync(inFolder('home', 'diary'), 'r');
    const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', diary] as const;
    const pilot = spawn(process.execPath, [MAIN, 'pilot', ...options, ...offer, '--sandbox', sandbox], {
      env: { ...process.env, SECRET_OF_PILOT: 'SECRET_OF_PILOT' },
      stdio: [...stdio],
    });
    let output = '';
    for (const stream of [pilot.stdout, pilot.stderr])
      stream?.on('data', (part: Buffer) => (output += part.toString()));
    const daemon = `31.${String(Date.now())}`;
    // In base64, because configs have macros that look like variables of the shell.
    const script = Buffer.from(attack({ url: cairn.url, pilot: pilot.pid ?? 0, folder, daemon, signal })).toString(
      'base64',
    );
    const modules = [
      { src: 'sh', args: ['-c', `eval "\`echo ${script} | base64 -d\`"`] },
      // Somebody else's file stands where the pilot would write this config.
      { src: 'true', configs: { 'planted.json': { planted: true } } },
    ];
    const config = { version: 3.2, description: 'd', tasks: [{ name: 'generate', trays: [{ modules }] }] };
    let task = '';
    try {
      const answer = await alice.put(`/config/${dataset}`, config);
      expect(answer.json).toEqual({});
      task = await newTask(system, dataset, { status: 'waiting' });
      const status = async (): Promise<unknown> => (await system.get(`/tasks/${task}`)).json;
      await eventually(status, expect.objectContaining({ status: 'failed' }));
      expect(pilot.exitCode).toBeNull();
    } catch (error) {
      throw new Error(output, { cause: error });
    } finally {
      pilot.kill('SIGTERM');
      if (pilot.exitCode === null && pilot.signalCode === null) await once(pilot, 'exit');
    }
    const { logs } = (await alice.get(`/datasets/${dataset}/tasks/${task}/logs`)).json as {
      logs: { name: string; data: string }[];
    };
    const textOf = (name: string): string => logs.find((log) => log.name === name)?.data ?? '';
    expect(textOf('stdout')).toContain('done\n');
    expect(textOf('stdlog')).toContain('planted.json cannot be opened');
    expect(readFileSync(inFolder('home', 'diary'), 'utf8')).not.toContain('{');
    const planted = PLANTED.map((name) => inFolder(name)).filter((path) => existsSync(path));
    for (const path of planted) rmSync(path);
    const daemons = commandLines().filter((line) => line.endsWith(`sleep ${daemon} `));
    for (const line of daemons) process.kill(Number(line.split(' ')[0]));
    const found = [...textOf('stdout').matchAll(/^breach: (.*)$/gm)].map(([, breach = '']) => breach);
    return [...new Set(found), ...planted.map(() => 'a planted file'), ...daemons.map(() => 'a daemon')];
  };

  it('gets everything without a sandbox', async () => {
    expect(await breaches('none', 0)).toEqual(
      expect.arrayContaining([
        ...['token file', 'environment of the pilot', 'command line of the pilot', 'spool', 'folder of another task'],
        ...['file of the user', 'memory of the pilot', 'a planted file', 'signal to the pilot', 'API', 'a daemon'],
      ]),
    );
  });

  (hasBubblewrap ? it : it.skip)('gets nothing in bubblewrap', async () => {
    expect(await breaches('bubblewrap', 9)).toEqual([]);
  });

  (isRoot ? it : it.skip)('as another user gets only what its other tasks have', async () => {
    expect(await breaches('user', 9)).toEqual([
      'command line of the pilot',
      'folder of another task',
      'a planted file',
      'a daemon',
    ]);
  });
});
