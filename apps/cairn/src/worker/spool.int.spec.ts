import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Delivery, Undelivered } from './delivery.js';
import { HttpClient, Unreachable } from './http-client.js';
import { type Result, Spool } from './spool.js';
import { FixedToken } from './token-source.js';

interface Received {
  readonly path: string;
  readonly key: unknown;
  readonly body: string;
}

describe('the spool of results', () => {
  let folder: string;
  let spoolFolder: string;
  let server: Server;
  let url: string;
  /** Statuses of the next answers; 200 when there are none. */
  let statuses: number[];
  let received: Received[];
  let notes: string[];
  const signal = new AbortController().signal;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-spool-'));
    spoolFolder = join(folder, 'spool');
    [statuses, received, notes] = [[], [], []];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        received.push({ path: request.url ?? '', key: request.headers['idempotency-key'], body });
        response.writeHead(statuses.shift() ?? 200).end('{}');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const note = (line: string): void => void notes.push(line);
  const openSpool = (forServer = url): Spool => new Spool(spoolFolder, forServer, note);
  const openDelivery = (spool: Spool): Delivery => {
    const token = new FixedToken('token');
    return new Delivery(new HttpClient({ url, token, timeoutMs: 300, reasonIn: (body) => body }), spool, note);
  };

  const LOG = { method: 'POST', path: '/log', body: '{"name":"stdout"}', idempotencyKey: 'k1' } as const;
  const END = { method: 'PUT', path: '/end', body: '{"status":"complete"}', idempotencyKey: 'k2' } as const;
  const RESULT: Result = { title: 'task 1', requests: [{ ...LOG, text: { member: 'data', file: 'stdout' } }, END] };
  const RECEIVED = [
    { path: '/log', key: 'k1', body: '{"name":"stdout","data":"hello\\n"}' },
    { path: '/end', key: 'k2', body: END.body },
  ];

  const addResult = (spool: Spool) => {
    const output = join(folder, 'output');
    writeFileSync(output, 'hello\n');
    return spool.add(RESULT, new Map([['stdout', output]]));
  };

  /** Rewrites the file of the only result. */
  const rewrite = (change: (content: string) => string): void => {
    const [name = ''] = readdirSync(spoolFolder);
    const file = join(spoolFolder, name, 'result.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };

  it('keeps a result with its files until a later worker delivers it once', async () => {
    await addResult(openSpool());
    expect(existsSync(join(folder, 'output'))).toBe(false);

    const spool = openSpool();
    const [entry, ...others] = await spool.abandoned();
    expect(others).toEqual([]);
    if (entry === undefined) throw new Error('no result on disk');
    expect(await openDelivery(spool).deliver(entry, signal)).toBe(true);
    expect(received).toEqual(RECEIVED);
    expect(await openSpool().abandoned()).toEqual([]);
    expect(readdirSync(spoolFolder)).toEqual([]);
  });

  it('repeats a delivery that broke off with the same idempotency keys', async () => {
    const spool = openSpool();
    const entry = await addResult(spool);
    statuses = [200, ...Array.from({ length: 20 }, () => 503)];
    await expect(openDelivery(spool).deliver(entry, signal)).rejects.toThrow(Unreachable);
    statuses = [];
    received = [];
    const [again = entry] = await openSpool().abandoned();
    expect(await openDelivery(spool).deliver(again, signal)).toBe(true);
    expect(received).toEqual(RECEIVED);
  });

  it('keeps a result that the server answers with errors', async () => {
    const spool = openSpool();
    const entry = await addResult(spool);
    statuses = [501];
    await expect(openDelivery(spool).deliver(entry, signal)).rejects.toThrow(Undelivered);
    expect(await spool.abandoned()).toHaveLength(1);
  });

  it('removes a result that the server refuses', async () => {
    const spool = openSpool();
    const entry = await addResult(spool);
    statuses = [200, 409];
    expect(await openDelivery(spool).deliver(entry, signal)).toBe(false);
    expect(notes).toEqual([expect.stringMatching(/^dropped: task 1: PUT .*\/end: 409/)]);
    expect(readdirSync(spoolFolder)).toEqual([]);
  });

  it('ignores results of running workers and of other servers', async () => {
    await addResult(openSpool());
    expect(await openSpool('http://other.example').abandoned()).toEqual([]);
    const owned = (pid: number, host: string) => (content: string) =>
      content.replace(/"owner":\{[^}]*\}/, `"owner":${JSON.stringify({ host, pid })}`);
    rewrite(owned(process.ppid, hostname()));
    expect(await openSpool().abandoned()).toEqual([]);
    rewrite(owned(process.pid, 'elsewhere'));
    expect(await openSpool().abandoned()).toEqual([]);
    rewrite(owned(spawnSync('true').pid, hostname()));
    expect(await openSpool().abandoned()).toHaveLength(1);
  });

  it.each([
    ['is cut off', (content: string) => content.slice(0, -10)],
    ['is empty', () => ''],
    ['holds something else', () => '{"title":"task 1"}'],
  ])('reports a result whose file %s, and sets it aside', async (_how, change) => {
    await addResult(openSpool());
    rewrite(change);
    const [name = ''] = readdirSync(spoolFolder);
    const broken = join(spoolFolder, `${name}.broken`);
    expect(await openSpool().abandoned()).toEqual([]);
    expect(notes).toEqual([`cannot read the result in ${join(spoolFolder, name)}: set aside as ${broken}`]);
    expect(readFileSync(join(broken, 'stdout'), 'utf8')).toBe('hello\n');
    expect(await openSpool().abandoned()).toEqual([]);
    expect(notes).toHaveLength(1);
  });

  it('ignores a result that was not completely written', async () => {
    mkdirSync(join(spoolFolder, 'id.part'), { recursive: true });
    writeFileSync(join(spoolFolder, 'id.part', 'result.json'), '{"title":');
    expect(await openSpool().abandoned()).toEqual([]);
    expect(notes).toEqual([]);
  });
});
