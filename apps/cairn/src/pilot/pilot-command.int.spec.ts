import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { LEEWAY_SECONDS } from '#platform/tokens/verifier.js';
import { type Child, printedBy, startCairn, startScript } from '../demo/child.js';
import { hasBubblewrap } from '../testing/bubblewrap.js';

const MAIN = 'dist/apps/cairn/src/main.js';
const LAUNCHER = resolve('apps/cairn/bin/cairn.mjs');

type Document = Record<string, unknown>;

interface Pilot extends Child {
  /** Its output so far. */
  readonly lines: readonly string[];
}

describe('a pilot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-pilot-spec-'));
  const dataDir = join(folder, 'data');
  const spool = join(folder, 'work', 'spool');
  let cairn: Awaited<ReturnType<typeof startCairn>>;
  let token: string;
  const tokenFile = join(folder, 'token');
  const children: Child[] = [];
  const servers: Server[] = [];

  const cairnPrints = (...words: readonly string[]): Promise<string> =>
    printedBy(MAIN, words, { CAIRN_DATA_DIR: dataDir });

  const newToken = (): Promise<string> => cairnPrints('token', '--user', 'grid', '--role', 'system');

  beforeAll(async () => {
    cairn = await startCairn({ script: MAIN, dataDir });
    token = await newToken();
    writeFileSync(tokenFile, token, { mode: 0o600 });
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill('SIGTERM');
      await child.stop();
    }
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(join(folder, 'work'), { recursive: true, force: true });
  });

  afterAll(async () => {
    await cairn.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (method: string, path: string, body?: object): Promise<Document> => {
    const answer = await fetch(cairn.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Document;
  };

  const created = async (path: string, body: object): Promise<string> =>
    String((await call('POST', path, body))['result']);

  const addTask = (dataset: string, requirements: object = {}, index = 0): Promise<string> =>
    created('/tasks', {
      ...{ dataset_id: dataset, job_id: 'j', task_index: 0, job_index: index, name: 'a', depends: [] },
      ...{ requirements, status: 'waiting' },
    });

  const addDataset = async (module: object): Promise<string> => {
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const dataset = await created('/datasets', { description: 'd', group: 'users', ...counts });
    const config = { version: 3.2, description: 'd', tasks: [{ name: 'a', trays: [{ modules: [module] }] }] };
    await call('PUT', `/config/${dataset}`, config);
    return dataset;
  };

  /** A task that runs a shell script. */
  const addScript = async (script: string): Promise<{ readonly dataset: string; readonly task: string }> => {
    const dataset = await addDataset({ src: 'sh', args: ['-c', script] });
    return { dataset, task: await addTask(dataset) };
  };

  let fileNumber = 0;
  /** Path of a file by which tests and tasks signal each other. */
  const signalFile = (): string => join(folder, `signal-${String((fileNumber += 1))}`);

  /** A task that signals by a file that it runs, and waits for another file. */
  const addWaiting = async () => {
    const started = signalFile();
    const go = signalFile();
    const added = await addScript(`echo > ${started}; while [ ! -e ${go} ]; do sleep 0.05; done; echo went on`);
    return { ...added, isStarted: () => existsSync(started), go: () => writeFileSync(go, '') };
  };

  const statusOf = async (task: string): Promise<unknown> => (await call('GET', `/tasks/${task}`))['status'];

  const startPilot = (url: string, ...more: readonly string[]): Pilot => {
    const hasToken = more.some((word) => /^--(token|client|refresh)/.test(word));
    // Its tasks signal to these tests by files.
    const options = ['--url', url, '--workdir', join(folder, 'work'), '--sandbox', 'none'];
    if (!hasToken) options.push('--token-file', tokenFile);
    const offer = ['--sources', folder, '--memory', '1', '--disk', '1', '--poll', '0.05'];
    const lines: string[] = [];
    const onLine = (line: string): void => void lines.push(line);
    const child = startScript(MAIN, ['pilot', ...options, ...offer, ...more], { onLine, onErrorLine: onLine });
    children.push(child);
    return { ...child, lines };
  };

  const listen = async (server: Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };

  /** Forwards requests to Cairn except those that `refuse` answers. */
  const proxy = (refuse: (method: string, path: string) => { status: number; error: string } | undefined) =>
    listen(
      createServer((incoming, outgoing) => {
        const { method = 'GET', headers, url = '/' } = incoming;
        const refusal = refuse(method, url);
        if (refusal !== undefined) {
          const { status, error } = refusal;
          incoming.resume();
          outgoing.writeHead(status).end(JSON.stringify({ code: status, error }));
          return;
        }
        const onward = request(cairn.url + url, { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        incoming.pipe(onward);
      }),
    );

  const pilotsAt = async (site: string): Promise<readonly Document[]> =>
    Object.values(await call('GET', `/pilots?site=${site}`)) as Document[];

  it('reports a failure for a task without a config, and continues', async () => {
    const task = await addTask('without-config');
    const pilot = startPilot(cairn.url, '--exit-when-idle', '--max-failures', '1');
    expect(await pilot.ended).toBe(0);
    expect(await call('GET', `/tasks/${task}`)).toMatchObject({ status: 'failed', failures: 1 });
  });

  it('finishes its running task before it ends when claims are refused', async () => {
    const { dataset, task, isStarted, go } = await addWaiting();
    const url = await proxy((_method, path) =>
      path === '/task_actions/queue' && isStarted() ? { status: 403, error: 'authorization failed' } : undefined,
    );
    const pilot = startPilot(url, '--dataset', dataset, '--slots', '2');
    await eventually(() => pilot.lines.some((line) => line.includes('403')), true);
    go();
    expect(await pilot.ended).toBe(1);
    expect(await statusOf(task)).toBe('complete');
    expect(pilot.lines.join('\n')).toContain(`POST ${url}/task_actions/queue: 403 authorization failed`);
  });

  describe('stopped by a signal', () => {
    it('ends at once when its server is unreachable, and names the address', async () => {
      const url = await listen(createServer());
      servers.splice(0).forEach((server) => server.close());
      const pilot = startPilot(url);
      await eventually(() => pilot.lines.some((line) => line.includes('no answer')), true);
      expect(pilot.lines.join('\n')).toContain(`POST ${url}/pilots: connect ECONNREFUSED`);
      const stoppedMs = performance.now();
      pilot.process.kill('SIGINT');
      expect(await pilot.ended).toBe(0);
      expect(performance.now() - stoppedMs).toBeLessThan(8_000);
    });

    it('ends soon when its server accepts connections but does not answer', async () => {
      let requests = 0;
      const url = await listen(createServer(() => (requests += 1)));
      const pilot = startPilot(url);
      await eventually(() => requests, 1);
      const stoppedMs = performance.now();
      pilot.process.kill('SIGTERM');
      expect(await pilot.ended).toBe(0);
      expect(performance.now() - stoppedMs).toBeLessThan(10_000);
    });

    it('gives up on an unreachable server after the timeout, and names the address', async () => {
      const url = await listen(createServer());
      servers.splice(0).forEach((server) => server.close());
      const pilot = startPilot(url, '--server-timeout', '0.5');
      expect(await pilot.ended).toBe(1);
      expect(pilot.lines.at(-1)).toMatch(`POST ${url}/pilots: connect ECONNREFUSED`);
    });

    it('lets a running task finish', async () => {
      const { dataset, task, isStarted, go } = await addWaiting();
      const pilot = startPilot(cairn.url, '--dataset', dataset);
      await eventually(isStarted, true);
      pilot.process.kill('SIGTERM');
      await eventually(() => pilot.lines.some((line) => line.includes('takes no more tasks')), true);
      go();
      expect(await pilot.ended).toBe(0);
      expect(await statusOf(task)).toBe('complete');
    });

    it('returns a task that does not finish in time, without counting a failure', async () => {
      const { dataset, task, isStarted } = await addWaiting();
      const pilot = startPilot(cairn.url, '--dataset', dataset, '--grace', '0.2');
      await eventually(isStarted, true);
      pilot.process.kill('SIGTERM');
      expect(await pilot.ended).toBe(0);
      expect(await call('GET', `/tasks/${task}`)).toMatchObject({ status: 'waiting', failures: 0 });
      await call('PUT', `/tasks/${task}/status`, { status: 'suspended' });
    });

    it('ends at once on a second signal even if its task ignores signals, and a later pilot returns the task', async () => {
      const started = signalFile();
      const { dataset, task } = await addScript(`trap '' TERM; echo > ${started}; while true; do sleep 0.05; done`);
      const pilot = startPilot(cairn.url, '--dataset', dataset, '--grace', '600');
      await eventually(() => existsSync(started), true);
      pilot.process.kill('SIGTERM');
      await eventually(() => pilot.lines.some((line) => line.includes('takes no more tasks')), true);
      const stoppedMs = performance.now();
      pilot.process.kill('SIGTERM');
      expect(await pilot.ended).toBe(1);
      expect(performance.now() - stoppedMs).toBeLessThan(4_000);
      expect(readdirSync(spool)).toHaveLength(1);
      expect(await startPilot(cairn.url, '--dataset', 'none', '--exit-when-idle').ended).toBe(0);
      expect(await call('GET', `/tasks/${task}`)).toMatchObject({ status: 'waiting', failures: 0 });
      expect(readdirSync(spool)).toEqual([]);
      await call('PUT', `/tasks/${task}/status`, { status: 'suspended' });
    });
  });

  describe('whose token expires', () => {
    /** A token that the server accepts for some seconds: it has expired, but the server allows for clock skew. */
    const endingToken = async (): Promise<string> => {
      const key = await SigningKey.open(dataDir);
      return key.sign(claimsGranting({ username: 'grid', roles: ['system'], groups: [] }), 8 - LEEWAY_SECONDS);
    };

    const ended = (shortToken: string): Promise<unknown> =>
      eventually(async () => {
        const answer = await fetch(`${cairn.url}/pilots`, { headers: { authorization: `Bearer ${shortToken}` } });
        return answer.status;
      }, 403);

    it('reads a new token from its file while a task runs', async () => {
      const file = join(folder, 'renewed-token');
      const short = await endingToken();
      writeFileSync(file, short);
      const { dataset, task, isStarted, go } = await addWaiting();
      const pilot = startPilot(cairn.url, '--dataset', dataset, '--token-file', file);
      await eventually(isStarted, true);
      await ended(short);
      go();
      writeFileSync(file, await newToken());
      await eventually(() => statusOf(task), 'complete');
      expect(await pilot.stop()).toBe(0);
    });

    it('keeps finished results on disk, and a later pilot delivers them once', async () => {
      const short = await endingToken();
      const { dataset, task, isStarted, go } = await addWaiting();
      const file = join(folder, 'ending-token');
      writeFileSync(file, short);
      const pilot = startPilot(cairn.url, '--dataset', dataset, '--token-file', file, '--server-timeout', '1');
      await eventually(isStarted, true);
      await ended(short);
      go();
      expect(await pilot.ended).toBe(1);
      expect(pilot.lines.join('\n')).toContain(`the token in ${file} has ended`);
      expect(await statusOf(task)).toBe('processing');
      expect(readdirSync(spool)).toHaveLength(1);
      const later = startPilot(cairn.url, '--dataset', dataset, '--exit-when-idle');
      expect(await later.ended).toBe(0);
      expect(await statusOf(task)).toBe('complete');
      expect(readdirSync(spool)).toEqual([]);
      expect(Object.keys(await call('GET', `/datasets/${dataset}/tasks/${task}/task_stats`))).toHaveLength(1);
    });

    it('claims no task that outlasts the token, unless it can renew the token', async () => {
      const dataset = await addDataset({ src: 'true' });
      const task = await addTask(dataset, { time: 2 });
      expect(await startPilot(cairn.url, '--exit-when-idle').ended).toBe(0);
      expect(await statusOf(task)).toBe('waiting');
      const secretFile = join(folder, 'secret');
      writeFileSync(secretFile, await cairnPrints('client', 'add', 'grid-client', '--system'), { mode: 0o600 });
      const credentials = ['--client-id', 'grid-client', '--client-secret-file', secretFile];
      const pilot = startPilot(cairn.url, ...credentials, '--exit-when-idle');
      expect({ code: await pilot.ended, lines: pilot.lines }).toMatchObject({ code: 0 });
      expect(await statusOf(task)).toBe('complete');
    });
  });

  describe('that registers', () => {
    it('reports its tasks while they run, and deregisters when it ends', async () => {
      const { dataset, task, isStarted, go } = await addWaiting();
      const pilot = startPilot(cairn.url, '--dataset', dataset, '--site', 'here', '--heartbeat-timeout', '120');
      await eventually(isStarted, true);
      const pilots = () => pilotsAt('here');
      const running = { site: 'here', heartbeat_seconds: 120, start_date: expect.any(String) as string };
      await eventually(pilots, [expect.objectContaining({ ...running, tasks: [task] })]);
      go();
      await eventually(pilots, [expect.objectContaining({ ...running, tasks: [] })]);
      expect(await pilot.stop()).toBe(0);
      expect(await pilots()).toEqual([]);
    });

    it('registers again when the server has deleted its registration', async () => {
      const pilots = () => pilotsAt('there');
      const pilot = startPilot(cairn.url, '--site', 'there');
      await eventually(pilots, [expect.objectContaining({ start_date: expect.stringContaining('T') as string })]);
      const [before] = await pilots();
      await call('DELETE', `/pilots/${String(before?.['pilot_id'])}`);
      const { task, isStarted, go } = await addWaiting();
      await eventually(isStarted, true);
      await eventually(pilots, [expect.objectContaining({ tasks: [task] })]);
      go();
      await eventually(() => statusOf(task), 'complete');
      expect(await pilot.stop()).toBe(0);
    });

    it('works with servers that have no pilot routes', async () => {
      const { dataset, task } = await addScript('true');
      const url = await proxy((_method, path) =>
        path.startsWith('/pilots') ? { status: 404, error: 'Not Found' } : undefined,
      );
      expect(await startPilot(url, '--dataset', dataset, '--exit-when-idle').ended).toBe(0);
      expect(await statusOf(task)).toBe('complete');
    });
  });

  it('with a token of the role pilot works unregistered on what is queued, and says so once', async () => {
    const { dataset, task } = await addScript('echo done');
    const failing = await addTask(await addDataset({ src: 'sh', args: ['-c', `printf '\\033[2J' >&2; exit 3`] }));
    await call('POST', '/task_actions/queue', { num_tasks: 10 });
    const file = join(folder, 'pilot-token');
    writeFileSync(file, await cairnPrints('token', '--user', 'pilot', '--role', 'pilot', '--hours', '24'));
    const pilot = startPilot(cairn.url, '--token-file', file, '--disk', '10', '--slots', '2', '--max-failures', '1');
    await eventually(() => statusOf(task), 'complete');
    await eventually(() => statusOf(failing), 'failed');
    pilot.process.kill('SIGTERM');
    expect(await pilot.ended).toBe(0);
    const notes = (text: string) => pilot.lines.filter((line) => line.includes(text));
    expect(notes('exit code 3')).toEqual([expect.stringContaining(': \uFFFD[2J') as string]);
    expect(notes('works without registration')).toHaveLength(1);
    expect(notes('asks only for tasks that somebody has queued')).toHaveLength(1);
    const { logs } = await call('GET', `/datasets/${dataset}/tasks/${task}/logs?keys=name|data`);
    expect(logs).toContainEqual({ name: 'stdout', data: 'done\n' });
  });

  it('stops claiming after several consecutive machine failures', async () => {
    const dataset = await addDataset({ src: 'no-such-program-here' });
    const tasks = await Promise.all([0, 1, 2, 3, 4].map((index) => addTask(dataset, {}, index)));
    const pilot = startPilot(cairn.url, '--max-machine-failures', '2');
    expect(await pilot.ended).toBe(3);
    expect(pilot.lines.join('\n')).toContain('waits 2 s after a failure of this machine');
    expect(pilot.lines.at(-1)).toMatch(/^this machine has failed 2 tasks in a row, the last with: .*ENOENT/);
    const documents = await Promise.all(tasks.map((task) => call('GET', `/tasks/${task}`)));
    expect(documents.reduce((sum, { failures }) => sum + Number(failures), 0)).toBe(2);
    for (const task of tasks) await call('PUT', `/tasks/${task}/status`, { status: 'suspended' });
  });

  it('fails when the address is not an IceProd server', async () => {
    const url = await proxy((_method, path) =>
      path === '/task_actions/queue' ? { status: 404, error: 'Not Found' } : undefined,
    );
    const pilot = startPilot(url);
    expect(await pilot.ended).toBe(1);
    expect(pilot.lines.at(-1)).toBe(`POST ${url}/task_actions/queue: 404 Not Found`);
  });

  it('stores the output of a task as logs, including long and binary output', async () => {
    const text = 'ein "Zitat" \\ aus Zürich 🧊';
    const script = `echo '${text}'; printf '\\377\\000\\n'; seq 30000 >&2; echo end >&2`;
    const { dataset, task } = await addScript(script);
    expect(await startPilot(cairn.url, '--dataset', dataset, '--exit-when-idle', '--output-size', '0.1').ended).toBe(0);
    expect(await statusOf(task)).toBe('complete');
    const { logs } = await call('GET', `/datasets/${dataset}/tasks/${task}/logs`);
    const dataOf = new Map((logs as Document[]).map(({ name, data }) => [name, String(data)]));
    expect([...dataOf.keys()].sort()).toEqual(['stderr', 'stdlog', 'stdout']);
    expect(dataOf.get('stdout')).toBe(`${text}\n\uFFFD\u0000\n`);
    expect(dataOf.get('stderr')).toMatch(/^\[the first \d+ bytes are not kept\]\n[^]{100000}$/);
    expect(dataOf.get('stderr')?.endsWith('\n30000\nend\n')).toBe(true);
    expect(dataOf.get('stdlog')).toMatch(/attempt 1 on .* by pilot \w+\n.* runs sh: \["sh","-c"/);
  });

  it('does not pass its environment on to tasks', async () => {
    const { dataset, task } = await addScript('env');
    expect(await startPilot(cairn.url, '--dataset', dataset, '--exit-when-idle').ended).toBe(0);
    const { logs } = await call('GET', `/datasets/${dataset}/tasks/${task}/logs`);
    const stdout = (logs as Document[]).find(({ name }) => name === 'stdout');
    expect(String(stdout?.['data'])).toContain('PATH=');
    expect(String(stdout?.['data'])).not.toContain('NODE_');
  });

  (hasBubblewrap ? it : it.skip)('that is killed takes its task in bubblewrap with it', async () => {
    const { dataset, task } = await addScript('while sleep 0.02; do date > alive; done');
    const user = process.getuid?.() === 0 ? ['--task-user', 'root'] : [];
    const options = ['--sandbox', 'bubblewrap', '--sources', 'examples', ...user];
    const pilot = startPilot(cairn.url, '--dataset', dataset, ...options);
    const alive = join(folder, 'work', 'tasks', task, 'work', 'alive');
    await eventually(() => existsSync(alive), true);
    pilot.process.kill('SIGKILL');
    await pilot.ended;
    const changed = (): number => statSync(alive).mtimeMs;
    let last = 0;
    // The kernel ends the processes, but not before it tells us that their parent has ended.
    await eventually(async () => {
      const before = last;
      last = changed();
      await new Promise((resume) => setTimeout(resume, 200));
      return last === before;
    }, true);
    await call('PUT', `/tasks/${task}/status`, { status: 'suspended' });
  });

  it('does not start without the sandbox that was asked for', async () => {
    const pilot = startPilot(cairn.url, '--sandbox', 'bubblewrap', '--readable', join(folder, 'work'));
    expect(await pilot.ended).toBe(2);
    expect(pilot.lines[0]).toMatch(/^error: tasks would see files of others/);
  });

  it('resolves relative paths from the folder in which it is started', async () => {
    const here = join(folder, 'here');
    mkdirSync(here);
    const words = ['pilot', '--url', cairn.url, '--token-file', tokenFile, '--sources', 'gone'];
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((settle) => {
      execFile(process.execPath, [LAUNCHER, ...words], { cwd: here }, (error, _stdout, text) =>
        settle({ code: error?.code, stderr: text }),
      );
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`there is no folder ${join(here, 'gone')}`) as string,
    });
  });
});
