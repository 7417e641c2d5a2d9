import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isObject, objectIn } from '#platform/json-object.js';
import { eventually } from '#platform/testing/eventually.js';
import { type Child, printedBy, startCairn, startScript } from '../demo/child.js';

const MAIN = 'dist/apps/cairn/src/main.js';
const LFN = 'user.demo.$JEDITASKID._${SN/P}.out.txt';

type Document = Readonly<Record<string, unknown>>;

/** A task of one job that runs a command of prun. */
const prun = (command: string, options = '', fields: Document = {}): Document => ({
  ...{ vo: 'wlcg', architecture: null, transUses: '', transHome: null, processingType: 'panda-client-jedi-run' },
  ...{ prodSourceLabel: 'user', noInput: true, nEvents: 1, nEventsPerJob: 1, skipScout: true, maxAttempt: 1 },
  log: {
    ...{ dataset: 'user.demo.log/', type: 'template', param_type: 'log' },
    value: 'user.demo.log.$JEDITASKID.${SN}.log.tgz',
  },
  jobParameters: [
    { type: 'template', param_type: 'output', hidden: true, value: LFN, dataset: 'user.demo.out/' },
    { type: 'constant', value: `${options} -o "{'out.txt': '${LFN}'}" -p "${encodeURIComponent(command)}"` },
  ],
  ...fields,
});

describe('a pilot for PanDA', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-panda-pilot-'));
  const dataDir = join(folder, 'data');
  const outputs = join(folder, 'outputs');
  const inputs = join(folder, 'inputs');
  const tokenFile = join(folder, 'token');
  const children: Child[] = [];
  const servers: Server[] = [];
  let cairn: Awaited<ReturnType<typeof startCairn>>;
  let token: string;
  let tasks = 0;

  beforeAll(async () => {
    mkdirSync(inputs);
    cairn = await startCairn({ script: MAIN, dataDir });
    const words = ['token', '--user', 'duser', '--name', 'Demo User', '--group', 'wlcg', '--group', 'wlcg/pilot'];
    token = await printedBy(MAIN, words, { CAIRN_DATA_DIR: dataDir });
    writeFileSync(tokenFile, token, { mode: 0o600 });
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await child.stop();
    for (const server of servers.splice(0)) server.close();
    rmSync(outputs, { recursive: true, force: true });
  });

  afterAll(async () => {
    await cairn.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (name: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${cairn.url}/api/v1/${name}`, {
      headers: { authorization: `Bearer ${token}`, origin: 'wlcg', 'content-type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { success, data } = objectIn(text) ?? {};
    if (success !== true) throw new Error(`${name}: ${text}`);
    return data;
  };

  const submit = async (document: Document): Promise<number> => {
    tasks += 1;
    return Number(await call('task/submit', { task_parameters: { ...document, taskName: `user.demo.t${tasks}/` } }));
  };

  const statusOf = (task: number): Promise<unknown> => call(`task/get_status?task_id=${task}`);

  /** The first job of a task. */
  const jobOf = async (task: number): Promise<Document> => {
    const jobs = await call(`task/get_job_descriptions?task_id=${task}`);
    const [job] = Array.isArray(jobs) ? (jobs as readonly unknown[]) : [];
    if (!isObject(job)) throw new Error(`task ${task} has no job`);
    return job;
  };

  const pilot = (...more: readonly string[]): Child & { readonly lines: readonly string[] } => {
    const lines: string[] = [];
    const settings = { url: cairn.url, 'token-file': tokenFile, site: 'LOCAL', poll: '0.1', sandbox: 'none' };
    const places = { workdir: join(folder, 'work'), outputs, inputs };
    const words = Object.entries({ ...settings, ...places }).flatMap(([name, value]) => [`--${name}`, value]);
    const child = startScript(MAIN, ['pilot', '--dialect', 'panda', ...words, ...more], {
      onLine: (line) => lines.push(line),
      onErrorLine: (line) => lines.push(line),
    });
    children.push(child);
    return { ...child, lines };
  };

  /** Runs a task to its end. */
  const run = async (document: Document): Promise<number> => {
    const task = await submit(document);
    await eventually(() => statusOf(task), 'running');
    const { ended, lines } = pilot('--exit-when-idle');
    expect({ code: await ended, lines }).toMatchObject({ code: 0 });
    await eventually(() => statusOf(task), expect.stringMatching('done|failed'));
    return task;
  };

  const output = (task: number): string => readFileSync(join(outputs, `user.demo.${task}._000001.out.txt`), 'utf8');

  it('runs the command of prun, and keeps its output and its log', async () => {
    const task = await run(prun('echo hello > out.txt; echo printed'));
    expect(await statusOf(task)).toBe('done');
    expect(output(task)).toBe('hello\n');
    const log = readdirSync(outputs).find((name) => name.endsWith('.log.tgz')) ?? '';
    expect(execFileSync('tar', ['xzOf', join(outputs, log), 'payload.stdout']).toString()).toBe('printed\n');
    expect(await jobOf(task)).toMatchObject({ jobStatus: 'finished', transExitCode: '0' });
  });

  it.each([
    [
      'its command fails',
      'echo broken >&2; exit 3',
      { pilotErrorCode: 1305, transExitCode: '3' },
      'exit code 3: broken',
    ],
    ['its output is missing', 'true', { pilotErrorCode: 1165 }, 'the job has not made its output out.txt'],
  ])('fails a job when %s', async (_, command, expected, diagnostic) => {
    const task = await run(prun(command));
    expect(await statusOf(task)).toBe('failed');
    const job = await jobOf(task);
    expect(job).toMatchObject({ jobStatus: 'failed', ...expected });
    expect(job['pilotErrorDiag']).toMatch(diagnostic);
  });

  it('finds inputs in its folders, and fails a job without them', async () => {
    writeFileSync(join(inputs, 'a.txt'), 'from a');
    const withInput = (lfn: string): Document => {
      const document = prun('cat %IN > out.txt', '', {
        noInput: undefined,
        nEvents: undefined,
        nEventsPerJob: undefined,
      });
      const input = { type: 'template', param_type: 'input', value: '-i "${IN/T}"', dataset: 'user.demo.in' };
      return {
        ...document,
        jobParameters: [{ ...input, files: [lfn] }, ...(document['jobParameters'] as readonly Document[])],
      };
    };
    expect(output(await run(withInput('a.txt')))).toBe('from a');
    expect(await jobOf(await run(withInput('b.txt')))).toMatchObject({ jobStatus: 'failed', pilotErrorCode: 1099 });
  });

  it('downloads and runs another transformation with the parameters of the job', async () => {
    const server = createServer((_request, response) =>
      response.end('#!/bin/sh\nfor last; do :; done\necho "$1" > "$last"\n'),
    );
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const document = prun('', '', { transPath: `http://127.0.0.1:${port}/my-transform` });
    const [file] = document['jobParameters'] as readonly Document[];
    const task = await run({ ...document, jobParameters: [file, { type: 'constant', value: `"two words" ${LFN}` }] });
    expect(output(task)).toBe('two words\n');
  });

  it('unpacks the sandbox of the user', async () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'script.sh'), 'echo from the sandbox > out.txt\n');
    const archive = join(folder, 'jobO.1f0e.tar.gz');
    execFileSync('tar', ['czf', archive, '-C', source, 'script.sh']);
    const form = new FormData();
    form.append('file', new Blob([readFileSync(archive)]), 'jobO.1f0e.tar.gz');
    const uploaded = await fetch(`${cairn.url}/api/v1/file_server/upload_cache_file`, {
      ...{ method: 'POST', body: form },
      headers: { authorization: `Bearer ${token}`, origin: 'wlcg', accept: 'application/json' },
    });
    expect(await uploaded.json()).toMatchObject({ success: true });
    expect(output(await run(prun('sh script.sh', '-a jobO.1f0e.tar.gz')))).toBe('from the sandbox\n');
  });

  it('kills a job that the server wants killed', async () => {
    const task = await submit(prun(`touch ${join(folder, 'started')}; sleep 600`));
    // The shortest time, so that heartbeats are frequent.
    const { lines } = pilot('--heartbeat-timeout', '30');
    await eventually(() => existsSync(join(folder, 'started')), true);
    await call('task/kill', { task_id: task });
    await eventually(() => lines.join('\n'), expect.stringMatching('killed by the server'));
    await eventually(() => statusOf(task), 'aborted');
  });

  it('gives back a job that it cannot finish, which counts no failure', async () => {
    rmSync(join(folder, 'started'), { force: true });
    const command = `test -e ${join(folder, 'again')} && echo done > out.txt && exit; touch ${join(folder, 'started')}; sleep 600`;
    const task = await submit(prun(command, '', { maxAttempt: 3, maxFailure: 1 }));
    const first = pilot('--grace', '0');
    await eventually(() => existsSync(join(folder, 'started')), true);
    writeFileSync(join(folder, 'again'), '');
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    await eventually(() => jobOf(task), expect.objectContaining({ jobStatus: 'closed' }));
    expect(await pilot('--exit-when-idle').ended).toBe(0);
    await eventually(() => statusOf(task), 'done');
  });
});
