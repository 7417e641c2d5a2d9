import { Controller } from '@nestjs/common';
import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Answer, Message, Page } from '#bus/contract.js';
import { AddLog } from '#contracts/iceprod/logs.js';
import { AmendTask, GetTask, ListTasks } from '#contracts/iceprod/tasks.js';
import { ListUsers } from '#contracts/iceprod/users.js';
import { type Answered, type CallOptions, httpCall } from '../testing/http-call.js';
import { Answers, type RunningGateway, startGateway, tokenOf } from '../testing/start-gateway.js';
import { COMPRESSED_BYTES_MIN, preferredEncoding } from './response-compression.js';

const MIB = 1024 * 1024;
const PAGES = 20;
const ENTRY = 'x'.repeat(1000);
const pages = { served: 0 };

/** Decodes to a gigabyte of text that is not JSON. */
const bomb = (): Buffer => {
  const member = gzipSync(Buffer.alloc(8 * MIB, 'x'));
  return Buffer.concat(Array.from({ length: 128 }, () => member));
};

/** In the place of the services. */
@Controller()
class Services {
  @Answers(GetTask)
  getTask({ request: { task_id } }: Message<{ task_id: string }>): Answer<{ document: string }> {
    if (task_id === 'none') return { error: { kind: 'not-found', code: 'test', message: 'Task not found' } };
    return { reply: { document: JSON.stringify({ task_id }) } };
  }

  @Answers(AmendTask)
  updateTask({ request: { fields } }: Message<{ fields: string }>): Answer<{ document: string }> {
    return { reply: { document: fields } };
  }

  /** As long as its filter says. */
  @Answers(ListUsers)
  users({ request: { username = '' } }: Message<{ username?: string }>): Answer<{ document: string }> {
    return { reply: { document: JSON.stringify({ results: 'é'.repeat(Number(username)) }) } };
  }

  @Answers(ListTasks)
  listTasks({ request }: Message<{ dataset_id: string; cursor?: string }>): Answer<Page> {
    const page = Number(request.cursor ?? '0');
    pages.served += 1;
    if (request.dataset_id === `failing-${page}`) {
      return { error: { kind: 'state', code: 'test', message: 'failed' } };
    }
    const entries = Array.from({ length: 100 }, (_, index) => `"${page}-${index}":"${ENTRY}"`);
    return { reply: page === PAGES - 1 ? { entries } : { entries, next: String(page + 1) } };
  }

  @Answers(AddLog)
  addLog(): Answer<{ log_id: string }> {
    return { reply: { log_id: 'l1' } };
  }
}

describe('encodings of requests and responses', () => {
  let gateway: RunningGateway;
  let authorization: string;

  beforeAll(async () => {
    gateway = await startGateway([Services]);
    authorization = `Bearer ${await tokenOf('root', 'admin')}`;
  });
  afterAll(() => gateway.close());

  const call = (method: string, path: string, { headers, ...options }: CallOptions = {}): Promise<Answered> =>
    httpCall(method, gateway.url + path, {
      ...options,
      headers: { authorization, 'content-type': 'application/json', ...headers },
    });
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
    call('GET', path, { headers });

  describe('a request with Content-Encoding', () => {
    const patch = (body: Buffer, encoding: string): Promise<Answered> =>
      call('PATCH', '/tasks/t', { body, headers: { 'content-encoding': encoding } });
    const json = '{"a": 1.0}';

    it.each([
      ['gzip', gzipSync(json)],
      ['GZIP', gzipSync(json)],
      ['x-gzip', gzipSync(json)],
      ['deflate', deflateSync(json)],
      ['br', brotliCompressSync(json)],
      ['identity', Buffer.from(json)],
    ])('is decoded: %s', async (encoding, body) => {
      const { status, body: answered } = await patch(body, encoding);
      expect([status, answered]).toEqual([200, json]);
    });

    it('is decoded without a content length', async () => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      const body = gzipSync(json);
      socket.write(
        `PATCH /tasks/t HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n` +
          `Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${body.length.toString(16)}\r\n`,
      );
      socket.write(body);
      socket.write('\r\n0\r\n\r\n');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"a": 1\.0\}$/);
    });

    it.each(['zstd', 'gzip, br', 'constructor'])('is rejected when it is %s', async (encoding) => {
      const { status, headers, body } = await patch(gzipSync(json), encoding);
      expect([status, JSON.parse(body)]).toEqual([
        415,
        { code: 415, error: 'Content-Encoding must be one of gzip, deflate, br' },
      ]);
      expect(headers['accept-encoding']).toBe('gzip, deflate, br');
    });

    it('needs no known encoding when it has no body', async () => {
      expect((await get('/tasks/t', { 'content-encoding': 'zstd' })).status).toBe(200);
    });

    it.each([
      ['is not encoded at all', Buffer.from(json)],
      ['has a wrong checksum', Buffer.concat([gzipSync(json).subarray(0, -8), Buffer.alloc(8, 1)])],
      ['ends too early', gzipSync(json).subarray(0, -4)],
    ])('is a bad request when it %s', async (_, body) => {
      const { status, body: answered } = await patch(body, 'gzip');
      expect([status, JSON.parse(answered)]).toEqual([400, { code: 400, error: 'body is not valid gzip' }]);
    });

    it('may be large once decoded', async () => {
      const long = JSON.stringify({ a: 'x'.repeat(MIB / 2) });
      const { body } = await patch(gzipSync(long), 'gzip');
      expect(body === long).toBe(true);
    });

    it.each([
      ['a body', 'PATCH', '/tasks/t', 413, 'Request body is too large'],
      ['an upload', 'POST', '/logs', 400, 'body is more than 500 times as large once decoded'],
    ])('stops %s that decodes to very much', async (_, method, path, code, error) => {
      const body = Buffer.concat([gzipSync('{"data":"'), bomb()]);
      const before = process.memoryUsage.rss();
      const { status, body: answered } = await call(method, path, { body, headers: { 'content-encoding': 'gzip' } });
      expect([status, JSON.parse(answered)]).toEqual([code, { code, error }]);
      expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MIB);
    });

    it('may be rejected before it is decoded to its end', async () => {
      const { status } = await call('POST', '/logs', { body: bomb(), headers: { 'content-encoding': 'gzip' } });
      expect(status).toBe(400);
      expect((await get('/tasks/t')).status).toBe(200);
    });

    it('decodes little of a body without a token', async () => {
      const body = gzipSync(Buffer.alloc(MIB, ' '));
      const { status } = await httpCall('POST', `${gateway.url}/ldap`, {
        body,
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      });
      expect(status).toBe(413);
    });

    it('may be an upload', async () => {
      const body = gzipSync(JSON.stringify({ data: 'x'.repeat(MIB), name: 'stdout' }));
      const { status, body: answered } = await call('POST', '/logs', { body, headers: { 'content-encoding': 'gzip' } });
      expect([status, answered]).toEqual([201, '{"result":"l1"}']);
    });
  });

  describe('a response to a client that accepts encodings', () => {
    it.each([
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
      ['deflate', inflateSync],
    ])('is compressed when it is long: %s', async (encoding, decode) => {
      for (const path of [`/users?username=${COMPRESSED_BYTES_MIN}`, '/datasets/d/tasks']) {
        const plain = await get(path);
        expect(plain.headers['content-encoding']).toBeUndefined();
        expect(plain.headers['vary']).toBe('Accept-Encoding');
        const compressed = await get(path, { 'accept-encoding': encoding });
        expect(compressed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' });
        expect(decode(compressed.bytes).equals(plain.bytes)).toBe(true);
        expect(compressed.bytes.length).toBeLessThan(plain.bytes.length / 10);
        const length = compressed.headers['content-length'];
        expect(length).toBe(path.startsWith('/users') ? String(compressed.bytes.length) : undefined);
      }
    });

    it('is left alone when it is short, an error, or not accepted', async () => {
      const accepting = { 'accept-encoding': 'gzip' };
      for (const path of ['/tasks/t', '/tasks/none', '/users?username=10', `/tasks/${'x'.repeat(1500)}`]) {
        const { headers, bytes } = await get(path, accepting);
        expect(headers['content-encoding']).toBeUndefined();
        expect(headers['vary']).toBeUndefined();
        expect(headers['content-length']).toBe(String(bytes.length));
      }
      const refused = await get('/datasets/d/tasks', { 'accept-encoding': 'gzip;q=0' });
      expect(refused.headers['content-encoding']).toBeUndefined();
    });

    it('varies by origin and encoding', async () => {
      const closed = await startGateway([Services], { CORS_ORIGINS: 'https://monitor.example' });
      try {
        const { headers } = await httpCall('GET', `${closed.url}/datasets/d/tasks`, {
          headers: { authorization, origin: 'https://monitor.example', 'accept-encoding': 'gzip' },
        });
        expect(headers['vary']).toBe('Origin, Accept-Encoding');
      } finally {
        await closed.close();
      }
    });

    it('breaks off when a later page fails', async () => {
      await expect(get('/datasets/failing-10/tasks', { 'accept-encoding': 'gzip' })).rejects.toThrow();
    });

    it('is an ordinary error, or breaks off, when the second page fails', async () => {
      const answered = await get('/datasets/failing-1/tasks', { 'accept-encoding': 'gzip' }).catch(() => undefined);
      if (answered === undefined) return;
      expect([answered.status, answered.body]).toEqual([400, '{"code":400,"error":"failed"}']);
      expect(answered.headers['content-encoding']).toBeUndefined();
    });

    it.each([
      ['gzip, deflate, br, zstd', 'gzip'],
      ['br;q=1.0, gzip;q=0.5', 'br'],
      ['deflate', 'deflate'],
      ['*', 'gzip'],
      ['gzip;q=0, *', 'br'],
      ['identity', undefined],
      ['gzip;q=0.5, identity', undefined],
      ['gzip;q=x', undefined],
      ['zstd', undefined],
      ['', undefined],
      [undefined, undefined],
    ])('prefers of %j %s', (accepted, name) => {
      expect(preferredEncoding(accepted)?.name).toBe(name);
    });
  });

  describe('HEAD', () => {
    // A streamed body has no length, and HEAD has no body that could be chunked.
    const OF_ONE_RESPONSE = ['date', 'transfer-encoding'];
    const comparable = ({ status, reason, headers }: Answered) => ({
      status,
      reason,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_RESPONSE.includes(name))),
    });

    it.each([
      ['/tasks/t', {}],
      ['/tasks/none', {}],
      ['/tasks/t', { authorization: '' }],
      ['/users?username=100', {}],
      [`/users?username=${COMPRESSED_BYTES_MIN}`, { 'accept-encoding': 'gzip' }],
      ['/datasets/d/tasks', {}],
      ['/datasets/d/tasks', { 'accept-encoding': 'gzip' }],
      ['/tasks/t', { 'user-agent': 'curl/8.5.0' }],
      ['/cairn/nothing', {}],
      ['/openapi.json', {}],
    ])('of %s has the status and headers of GET and no body (%j)', async (path, headers) => {
      const head = await call('HEAD', path, { headers });
      expect(comparable(head)).toEqual(comparable(await get(path, headers)));
      expect(head.body).toBe('');
    });

    it('does not make what it does not send', async () => {
      pages.served = 0;
      await call('HEAD', '/datasets/d/tasks');
      await get('/tasks/t');
      expect(pages.served).toBeLessThan(PAGES / 2);
    });
  });

  describe('a response to a program in a terminal', () => {
    it.each(['curl/8.5.0', 'Wget/1.21.4', 'HTTPie/3.2.2'])('ends with one line end: %s', async (client) => {
      const agent = { 'user-agent': client };
      for (const path of ['/tasks/t', '/tasks/none', '/users?username=30000', '/datasets/d/tasks', '/cairn/nothing']) {
        const { body } = await get(path);
        const shown = await get(path, agent);
        expect(shown.body).toBe(`${body}\n`);
        const compressed = await get(path, { ...agent, 'accept-encoding': 'gzip' });
        const bytes =
          compressed.headers['content-encoding'] === 'gzip' ? gunzipSync(compressed.bytes) : compressed.bytes;
        expect(bytes.toString()).toBe(`${body}\n`);
      }
      expect((await get('/metrics', agent)).body).toMatch(/[^\n]\n$/);
    });

    it.each([undefined, 'python-requests/2.32', 'Mozilla/5.0 curl/8', 'libcurl/8.5'])(
      'is not changed for others: %s',
      async (client) => {
        const { body } = await get('/tasks/t', client === undefined ? {} : { 'user-agent': client });
        expect(body).toBe('{"task_id":"t"}');
      },
    );
  });
});
