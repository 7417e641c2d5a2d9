import { Controller } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import type { Answer } from '#bus/contract.js';
import { GetTask } from '#contracts/iceprod/tasks.js';
import { eventually } from '#platform/testing/eventually.js';
import { Answers, type RunningGateway, startGateway, tokenOf } from '../testing/start-gateway.js';

const PROXY = '127.0.0.9';

const waiting: (() => void)[] = [];

@Controller()
class Services {
  @Answers(GetTask)
  async getTask(): Promise<Answer<{ document: string }>> {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { reply: { document: '{}' } };
  }
}

describe('the limits on connections', () => {
  let gateway: RunningGateway;
  let authorization = '';
  const sockets: Socket[] = [];

  beforeAll(async () => {
    gateway = await startGateway([Services], {
      CONNECTIONS_MAX: '6',
      CONNECTIONS_PER_ADDRESS_MAX: '3',
      TRUSTED_PROXIES: PROXY,
    });
    authorization = `Bearer ${await tokenOf('root', 'admin')}`;
  });
  afterEach(async () => {
    for (const end of waiting.splice(0)) end();
    for (const socket of sockets.splice(0)) socket.destroy();
    await eventually(
      () => new Promise((resolve) => gateway.app.getHttpServer().getConnections((_, n) => resolve(n))),
      0,
    );
  });
  afterAll(() => gateway.close());

  /** A connection from an address, and what it receives. */
  const open = (localAddress: string, request = ''): { readonly received: () => string; readonly end: () => void } => {
    const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', localAddress });
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.write(request);
    return { received: () => text, end: () => socket.destroy() };
  };
  const health = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const isServed = async (address: string): Promise<void> => {
    const { received } = open(address, health);
    await eventually(() => received().startsWith('HTTP/1.1 200'), true);
  };

  it('refuse another one of the same address, with an answer, and serve other addresses', async () => {
    const first = open('127.0.0.1', health);
    await isServed('127.0.0.1');
    await isServed('127.0.0.1');
    const { received } = open('127.0.0.1');
    await eventually(() => received().endsWith('}'), true);
    expect(received()).toBe(
      'HTTP/1.1 429 too many connections\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: 43\r\n' +
        'Connection: close\r\nretry-after: 1\r\n\r\n{"code":429,"error":"too many connections"}',
    );
    await isServed('127.0.0.2');
    first.end();
    await eventually(async () => {
      const again = open('127.0.0.1', health);
      await eventually(() => again.received() !== '', true);
      return again.received().startsWith('HTTP/1.1 200');
    }, true);
  });

  it('refuse one above the total', async () => {
    for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6']) {
      await isServed(address);
    }
    const { received } = open('127.0.0.7', health);
    await eventually(() => received().startsWith('HTTP/1.1 503 server overloaded'), true);
    expect(gateway.logged()).toContain('connections were refused');
  });

  it('count the requests of each forwarded address behind a trusted proxy', async () => {
    const get = (address: string): string =>
      `GET /tasks/t HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nX-Forwarded-For: ${address}\r\n\r\n`;
    for (let count = 0; count < 3; count += 1) open(PROXY, get('192.0.2.1'));
    await eventually(() => waiting.length, 3);
    const another = open(PROXY, get('192.0.2.1'));
    await eventually(() => another.received().startsWith('HTTP/1.1 429 too many requests at a time'), true);
    open(PROXY, get('192.0.2.2'));
    await eventually(() => waiting.length, 4);
    for (const end of waiting.splice(0)) end();
    const later = open(PROXY, get('192.0.2.1'));
    await eventually(() => waiting.length, 1);
    expect(later.received()).toBe('');
  });
});
