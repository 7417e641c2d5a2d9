import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import { type Child, printedBy, startCairn, startScript } from '../demo/child.js';

const MAIN = 'dist/apps/cairn/src/main.js';
const CLAIM = '/task_actions/queue';

describe('a pilot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-pilot-spec-'));
  const dataDir = join(folder, 'data');
  let cairn: Awaited<ReturnType<typeof startCairn>>;
  let token: string;
  const pilots: Child[] = [];

  beforeAll(async () => {
    cairn = await startCairn({ script: MAIN, dataDir });
    token = await printedBy(MAIN, ['token', '--user', 'grid', '--role', 'system'], { CAIRN_DATA_DIR: dataDir });
  });

  afterEach(async () => {
    for (const pilot of pilots.splice(0)) await pilot.stop();
  });

  afterAll(async () => {
    await cairn.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const call = async (method: string, path: string, body?: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(cairn.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  const addTask = async (dataset: string): Promise<string> => {
    const task = { dataset_id: dataset, job_id: 'j', task_index: 0, job_index: 0, name: 'a', depends: [] };
    return String(
      (await call('POST', '/tasks', JSON.stringify({ ...task, requirements: {}, status: 'waiting' })))['result'],
    );
  };

  const startPilot = (url: string, ...more: readonly string[]): Child => {
    const options = ['--url', url, '--token', token, '--workdir', join(folder, 'work'), '--sources', folder];
    const pilot = startScript(MAIN, ['pilot', ...options, '--memory', '1', '--disk', '1', '--poll', '0.05', ...more]);
    pilots.push(pilot);
    return pilot;
  };

  it('reports a task that nobody said how to run, and goes on', async () => {
    const task = await addTask('without-config');
    const pilot = startPilot(cairn.url, '--exit-when-idle', '--max-failures', '1');
    expect(await pilot.ended).toBe(0);
    expect(await call('GET', `/tasks/${task}`)).toMatchObject({ status: 'failed', failures: 1 });
  });

  /** Hands everything on to Cairn, but refuses claims after the first. */
  const refusingProxy = async (): Promise<{ readonly server: Server; readonly url: string; refused: number }> => {
    let claims = 0;
    const server = createServer((incoming, outgoing) => {
      if (incoming.url === CLAIM && (claims += 1) > 1) {
        proxy.refused += 1;
        incoming.resume();
        outgoing.writeHead(403).end('{"code":403,"error":"authorization failed"}');
        return;
      }
      const { method, headers } = incoming;
      const onward = request(cairn.url + String(incoming.url), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const proxy = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refused: 0 };
    return proxy;
  };

  it('that may claim no more ends what it runs first', async () => {
    const dataset = String(
      (
        await call(
          'POST',
          '/datasets',
          '{"description":"d","jobs_submitted":1,"tasks_submitted":1,"tasks_per_job":1,"group":"users"}',
        )
      )['result'],
    );
    const config = {
      version: 3.2,
      description: 'd',
      tasks: [{ name: 'a', trays: [{ modules: [{ src: 'wait.sh' }] }] }],
    };
    await call('PUT', `/config/${dataset}`, JSON.stringify(config));
    const go = join(folder, 'go');
    writeFileSync(join(folder, 'wait.sh'), `while [ ! -e ${go} ]; do sleep 0.05; done`);
    const task = await addTask(dataset);
    const proxy = await refusingProxy();
    try {
      const pilot = startPilot(proxy.url, '--slots', '2');
      await eventually(() => proxy.refused, 1);
      await eventually(async () => (await call('GET', `/tasks/${task}`))['status'], 'processing');
      writeFileSync(go, '');
      expect(await pilot.ended).toBe(1);
      expect(await call('GET', `/tasks/${task}`)).toMatchObject({ status: 'complete' });
      expect(proxy.refused).toBe(1);
    } finally {
      proxy.server.close();
      proxy.server.closeAllConnections();
    }
  });
});
