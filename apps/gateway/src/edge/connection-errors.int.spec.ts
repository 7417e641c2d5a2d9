import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { eventually } from '#platform/testing/eventually.js';
import { DIALECTS } from '../dialects.js';
import { answerConnectionErrors, answerUnroutable } from './connection-errors.js';

describe('a connection over which no request comes', () => {
  let server: Server;
  /** Ends the answers that wait. */
  const later: (() => void)[] = [];

  beforeAll(async () => {
    server = createServer(
      { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20, maxHeaderSize: 1024 },
      ({ url }, response) => {
        if (url === '/later') later.push(() => response.end('done'));
        else response.writeHead(200, { 'content-length': '4' }).write('ha');
      },
    );
    server.on('clientError', answerConnectionErrors(DIALECTS.fallback));
    answerUnroutable(server, DIALECTS.fallback);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const opened = (): Socket => connect((server.address() as AddressInfo).port, '127.0.0.1');

  const received = async (socket: Socket): Promise<string> => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'close');
    return text;
  };

  it.each([
    [408, 'Request Timeout', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [431, 'Request Header Fields Too Large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(2000)}\r\n\r\n`],
    [400, 'Bad Request', 'hello\r\n\r\n'],
    [417, 'Expectation Failed', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nConnection: close\r\n\r\n'],
    [405, 'Method Not Allowed', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('is told %i %s in the shape of all errors', async (status, reason, sent) => {
    const socket = opened();
    socket.write(sent);
    const text = await received(socket);
    expect(text).toContain(`HTTP/1.1 ${status} ${reason}\r\n`);
    expect(text).toMatch(new RegExp(`\\r\\n\\r\\n${JSON.stringify({ code: status, error: reason })}$`));
  });

  it('is broken off when an answer is on its way, not answered in the middle of it', async () => {
    const socket = opened();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'readable');
    const rest = received(socket);
    socket.write('hello\r\n\r\n');
    expect(await rest).not.toContain('400');
  });

  it('is told of the request before, which is carried out, and ends with that', async () => {
    const socket = opened();
    const all = received(socket);
    socket.write('POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}nonsense');
    await eventually(() => later.length, 1);
    later.pop()?.();
    expect(await all).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*done$/);
  });
});
