import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import { type Child, startCairn, startScript } from '../../apps/cairn/src/demo/child.js';

const BODY = '{"user":"alice","name":"slow"}';

/** Sends a request whose last byte is still to come. */
const beginRequest = async (url: string): Promise<Socket> => {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = ['POST /workflows HTTP/1.1', `host: ${host}`, 'content-type: application/json'];
  socket.write([...head, `content-length: ${BODY.length}`, '', BODY.slice(0, -1)].join('\r\n'));
  return socket;
};

/** Everything that comes until the other side ends the connection. */
const received = async (socket: Socket): Promise<string> => {
  let text = '';
  for await (const part of socket) text += String(part);
  return text;
};

/** Resolves when nobody takes connections any more. */
const refusesConnections = async (url: string): Promise<void> => {
  const { hostname, port } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!isOpen) return;
    await new Promise((resume) => setTimeout(resume, 20));
  }
};

describe('embedded Cairn, whose gateway is a thread', () => {
  let dataDir: string;
  let cairn: Child & { readonly url: string };
  let errorLines: string[];

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'cairn-embedded-'));
    errorLines = [];
    cairn = await startCairn({
      ...{ script: CAIRN_PROGRAM, dataDir, onErrorLine: (line) => errorLines.push(line) },
      environment: { TORC_ACCESS: 'open' },
    });
  });

  afterAll(async () => {
    await cairn.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('shows the checks and the metrics of both threads as one', async () => {
    const ready = await fetch(`${cairn.url}/readyz`);
    expect(ready.status).toBe(200);
    const { checks } = (await ready.json()) as { readonly checks: object };
    // Of the services' thread, and of the gateway's.
    expect(checks).toMatchObject({ ledger: 'ok', 'tasks read model': 'ok', tasks: 'ok' });
    const text = await (await fetch(`${cairn.url}/metrics`)).text();
    expect(text).toContain('cairn_http_request_seconds_count{route="/readyz",method="GET",status="2xx"} 1');
    expect(text).toContain('cairn_bus_request_seconds_count{subject="cairn.v1.tasks.wait-for-position"}');
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(families).toContain('process_resident_memory_bytes');
    expect(families).toHaveLength(new Set(families).size);
  });

  it('says which port is taken, and ends', async () => {
    const other = mkdtempSync(join(tmpdir(), 'cairn-embedded-'));
    const lines: string[] = [];
    const { port } = new URL(cairn.url);
    const started = startCairn({
      ...{ script: CAIRN_PROGRAM, dataDir: other, environment: { PORT: port } },
      onErrorLine: (line) => lines.push(line),
    });
    await expect(started).rejects.toThrow('ended with code 1');
    expect(lines.at(-1)).toMatch(new RegExp(`^cairn cannot start: PORT is taken already .*${port}.*; choose another$`));
    rmSync(other, { recursive: true });
  });

  it('answers what is in flight when it is told to stop, and takes nothing new', async () => {
    const socket = await beginRequest(cairn.url);
    cairn.process.kill('SIGTERM');
    await refusesConnections(cairn.url);
    socket.write(BODY.slice(-1));
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"name":"slow"/);
    expect(await cairn.ended).toBe(0);
    expect(errorLines).toEqual([]);
  });
});

describe('embedded Cairn with code of a test in the thread of its gateway', () => {
  let dataDir: string;
  let child: Child;
  let errorLines: string[];

  /**
   * @param code runs before the thread's own
   * @returns whether Cairn listens, or has ended
   */
  const start = (code: string): Promise<boolean> => {
    const file = join(dataDir, 'preloaded.cjs');
    const isGateway = `require('node:worker_threads').workerData?.port !== undefined`;
    writeFileSync(file, `if (${isGateway}) { ${code} }`);
    return new Promise((resolve) => {
      child = startScript(CAIRN_PROGRAM, [], {
        environment: {
          ...{ PORT: '0', LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off' },
          ...{ CAIRN_DATA_DIR: join(dataDir, 'data'), NODE_OPTIONS: `--require ${file}` },
        },
        onLine: (line) => line.startsWith('Cairn listens') && resolve(true),
        onErrorLine: (line) => errorLines.push(line),
      });
      void child.ended.then(() => resolve(false));
    });
  };

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cairn-embedded-'));
    errorLines = [];
  });
  afterEach(async () => {
    await child.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('configures it as the process has read its variables', async () => {
    // Of the thread's own copy.
    expect(await start(`process.env.PORT = 'none';`)).toBe(true);
  });

  it.each([
    ['fails', `throw new Error('planted')`, 'Error: planted'],
    ['ends', 'process.exit(0)', 'the gateway ended by itself, with code 0'],
  ])('ends when the gateway %s, and says why', async (_how, code, why) => {
    expect(await start(`setTimeout(() => { ${code} }, 0);`)).toBe(false);
    expect(await child.ended).toBe(1);
    expect(errorLines.join('\n')).toContain(why);
  });
});
