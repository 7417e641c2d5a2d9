import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dropRest } from '../body/read-body.js';
import { bodyChunks, release } from './body-chunks.js';

const MIB = 1024 * 1024;

describe('the body of a request in chunks', () => {
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  const server = createServer((incoming, response) => void handle(incoming, response));

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const call = () => {
    const { port } = server.address() as AddressInfo;
    return request({ port, host: '127.0.0.1', method: 'POST' });
  };

  it('is whole, though each chunk gives its memory back', async () => {
    const sent = Buffer.from(Array.from({ length: 3 * MIB }, (_, index) => (index * 31) % 251));
    const received: Buffer[] = [];
    const left: number[] = [];
    handle = async (incoming, response) => {
      for await (const chunk of bodyChunks(incoming)) {
        received.push(Buffer.from(chunk));
        release(chunk);
        left.push(chunk.length);
      }
      response.end();
    };
    const calling = call();
    calling.end(sent);
    await once(calling, 'response');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(new Set(left)).toEqual(new Set([0]));
  });

  it('leaves memory alone that it shares with others', () => {
    const shared = Buffer.from('of a pool');
    release(shared);
    expect(shared.toString()).toBe('of a pool');
  });

  it('is not asked for while nobody takes it, and can be refused half-way', async () => {
    let arrived = 0;
    handle = async (incoming, response) => {
      const chunks = bodyChunks(incoming);
      await chunks.next();
      arrived = incoming.socket.bytesRead;
      await chunks.return();
      response.end('enough');
      incoming.resume();
    };
    const calling = call();
    calling.end(Buffer.alloc(64 * MIB));
    const [answer] = (await once(calling, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    expect(arrived).toBeLessThan(2 * MIB);
    answer.resume();
    await once(calling, 'close');
  });

  it('is received to its end when its reader is given up, and dropped twice', async () => {
    const ended = Promise.withResolvers<void>();
    handle = async (incoming, response) => {
      incoming.once('end', ended.resolve);
      await bodyChunks(incoming).next();
      dropRest(incoming);
      dropRest(incoming);
      response.end('refused');
    };
    const calling = call();
    calling.end(Buffer.alloc(16 * MIB));
    const [answer] = (await once(calling, 'response')) as [IncomingMessage];
    answer.resume();
    await ended.promise;
  });

  it('says so when it breaks off', async () => {
    const broke = Promise.withResolvers<unknown>();
    const began = Promise.withResolvers<void>();
    handle = async (incoming) => {
      try {
        for await (const chunk of bodyChunks(incoming)) if (chunk.length > 0) began.resolve();
        broke.resolve('ended');
      } catch (error) {
        broke.resolve(error);
      }
    };
    const calling = call();
    calling.on('error', () => undefined);
    calling.setHeader('content-length', 100);
    calling.write('half');
    await began.promise;
    calling.destroy();
    expect(await broke.promise).toHaveProperty('code');
  });
});
