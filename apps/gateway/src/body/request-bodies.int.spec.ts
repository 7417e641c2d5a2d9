import { Controller } from '@nestjs/common';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { AuthorizeAccess, PutConfig } from '#contracts/iceprod/datasets.js';
import { AmendTask } from '#contracts/iceprod/tasks.js';
import { eventually } from '#platform/testing/eventually.js';
import { type Answered, httpCall } from '../testing/http-call.js';
import { Answers, type RunningGateway, startGateway, tokenOf } from '../testing/start-gateway.js';

const MIB = 1024 * 1024;

/** Configs that arrived at the service, and the end of those that wait. */
const arrived: string[] = [];
const waiting: (() => void)[] = [];

@Controller()
class Services {
  @Answers(AuthorizeAccess)
  authorize({ request: { dataset_id } }: Message<{ dataset_id: string }>): Answer<Nothing> {
    if (dataset_id === 'mine') return { reply: {} };
    return { error: { kind: 'forbidden', code: 'test.refused', message: 'attr not found' } };
  }

  @Answers(PutConfig)
  async putConfig({ request: { config } }: Message<{ config: string }>): Promise<Answer<Nothing>> {
    arrived.push(config);
    if (config.includes('"wait"')) await new Promise<void>((resolve) => waiting.push(resolve));
    return { reply: {} };
  }

  @Answers(AmendTask)
  amend(): Answer<{ document: string }> {
    return { reply: { document: '{}' } };
  }
}

/** A connection whose bytes a test sends itself. */
class Connection {
  received = '';
  private readonly socket: Socket;

  constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    this.socket.on('error', () => undefined);
  }

  get isClosed(): boolean {
    return this.socket.closed;
  }

  async send(bytes: string | Buffer): Promise<void> {
    if (!this.socket.write(bytes)) await once(this.socket, 'drain');
  }

  end(): void {
    this.socket.destroy();
  }
}

describe('bodies of requests', () => {
  let gateway: RunningGateway;
  let alice = '';
  let bob = '';
  const connections: Connection[] = [];

  beforeAll(async () => {
    gateway = await startGateway([Services], {
      BODIES_MIB_MAX: '6',
      BODIES_MIB_PER_CALLER_MAX: '4',
      REQUEST_STALL_SECONDS: '0.5',
    });
    [alice, bob] = await Promise.all([tokenOf('alice', 'user'), tokenOf('bob', 'user')]);
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.end();
    for (const end of waiting.splice(0)) end();
    arrived.length = 0;
  });
  afterAll(() => gateway.close());

  const opened = (): Connection => {
    const connection = new Connection(gateway.url);
    connections.push(connection);
    return connection;
  };
  const head = (line: string, token: string, bytes: number): string =>
    `${line} HTTP/1.1\r\nHost: x\r\n${token && `Authorization: Bearer ${token}\r\n`}Content-Length: ${bytes}\r\n\r\n`;
  const put = (token: string, body: string | Buffer, dataset = 'mine'): Promise<Answered> =>
    httpCall('PUT', `${gateway.url}/config/${dataset}`, { body, headers: { authorization: `Bearer ${token}` } });
  const outcome = ({ status, body }: Answered): readonly [number, unknown] => [status, JSON.parse(body)];
  const refused = (code: number, error: string) => [code, { code, error }];
  const text = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;

  describe('that are too complex', () => {
    it.each([
      ['levels', '['.repeat(3 * MIB), 'body is nested deeper than 100 levels'],
      ['objects', `{"a":[${'{},'.repeat(MIB)}`, 'body has more than 50000 values'],
      ['members', `{${'"a":1,'.repeat(MIB / 2)}"b":2}`, 'body has more than 50000 values'],
    ])('are refused while they arrive: %s', async (_, body, reason) => {
      // Of this thread: what suites before have left to others of the process is not meant.
      const before = process.threadCpuUsage();
      expect(outcome(await put(alice, body))).toEqual(refused(400, reason));
      const { user, system } = process.threadCpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(300);
    });

    it('are refused before they are complete', async () => {
      const connection = opened();
      await connection.send(head('PUT /config/mine', alice, 4 * MIB) + '['.repeat(100_000));
      await eventually(() => connection.received.includes('nested deeper than 100 levels'), true);
    });

    it('get the answer about access first, as the contract orders', async () => {
      for (const body of ['['.repeat(1000), '['.repeat(MIB)]) {
        expect(outcome(await put(alice, body, 'other'))).toEqual(refused(403, 'attr not found'));
      }
    });

    it('are refused in the shape of Cairn’s own API on its routes', async () => {
      const { status, headers, body } = await httpCall('POST', `${gateway.url}/cairn/iceprod/datasets/d/jobs`, {
        body: text(2 * MIB),
        headers: { authorization: `Bearer ${await tokenOf('root', 'admin')}` },
      });
      expect([status, headers['content-type']]).toEqual([413, 'application/problem+json; charset=UTF-8']);
      expect(JSON.parse(body)).toMatchObject({ status: 413, detail: 'Request body is too large' });
    });
  });

  it('of a caller without access are not read beyond 64 KiB', async () => {
    const connection = opened();
    await connection.send(head('PUT /config/other', alice, 4 * MIB) + text(4 * MIB).slice(0, 70_000));
    await eventually(() => connection.received.startsWith('HTTP/1.1 403 attr not found'), true);
  });

  describe('in flight', () => {
    it('take no more memory than one caller may have, also half sent, and give it back', async () => {
      const half = [opened(), opened(), opened()];
      for (const connection of half) {
        await connection.send(head('PUT /config/mine', alice, 4 * MIB) + text(4 * MIB).slice(0, 1.2 * MIB));
      }
      await eventually(async () => (await put(alice, text(MIB))).status, 429);
      const limited = await put(alice, text(MIB));
      expect(outcome(limited)).toEqual(refused(429, 'too many large requests at a time'));
      expect(limited.headers['retry-after']).toBe('1');
      // Others, and small requests of the same caller, are served.
      expect((await put(bob, text(MIB))).status).toBe(200);
      expect((await put(alice, text(10_000))).status).toBe(200);
      for (const connection of half) connection.end();
      await eventually(async () => (await put(alice, text(3 * MIB))).status, 200);
    });

    it('take no more memory than all together may have', async () => {
      const held = [
        put(alice, `{"wait":"wait",${text(3 * MIB).slice(1)}`),
        put(bob, `{"wait":"wait",${text(2 * MIB).slice(1)}`),
      ];
      await eventually(() => waiting.length, 2);
      const overloaded = await put(await tokenOf('carol', 'user'), text(2 * MIB));
      expect(outcome(overloaded)).toEqual(refused(503, 'server overloaded'));
      expect(overloaded.headers['retry-after']).toBe('1');
      for (const end of waiting.splice(0)) end();
      expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
      await eventually(async () => (await put(bob, text(3 * MIB))).status, 200);
    });
  });

  describe('that do not arrive', () => {
    const drip = async (connection: Connection, begin: string): Promise<void> => {
      await connection.send(begin);
      const drops = setInterval(() => void connection.send('x'), 50);
      try {
        await eventually(() => connection.isClosed, true);
      } finally {
        clearInterval(drops);
      }
    };

    it.each([
      ['with a token', 'PUT /config/mine', () => alice, '{"a":"', 408],
      ['without a token', 'POST /ldap', () => '', '{"a":"', 408],
      ['with a token that is refused', 'PUT /config/mine', () => 'nonsense', '{"a":"', 403],
      ['for an unknown path', 'POST /nothing/here', () => '', '{"a":"', 404],
    ])('end the request and the connection: %s', async (_, line, token, begin, status) => {
      const connection = opened();
      await drip(connection, head(line, token(), 60_000) + begin);
      expect(connection.received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    });

    it('end the connection also while the head of a request drips', async () => {
      const connection = opened();
      await drip(connection, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
      expect(connection.received).toMatch(/^HTTP\/1.1 408 Request Timeout/);
    });

    it('end a connection that never sends anything', async () => {
      const connection = opened();
      await eventually(() => connection.isClosed, true);
    });

    it('may be slow with a token as long as they keep coming', async () => {
      const connection = opened();
      const body = text(20_000);
      await connection.send(head('PUT /config/mine', alice, body.length));
      const startedMs = performance.now();
      for (let at = 0; at < body.length; at += 1000) {
        await connection.send(body.slice(at, at + 1000));
        const sentMs = performance.now();
        await eventually(() => performance.now() - sentMs > 60, true);
      }
      await eventually(() => arrived, [body]);
      expect(performance.now() - startedMs).toBeGreaterThan(1_000);
      await eventually(() => connection.received.startsWith('HTTP/1.1 200'), true);
    });
  });
});
