import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpAdapterHost } from '@nestjs/core';
import { fastify } from 'fastify';
import { eventually } from '#platform/testing/eventually.js';
import type { Authentication } from '../edge/authentication.js';
import { StreamConnections } from './stream-connections.js';

/** Buffers on the way are full by then. */
const FILLED_MS = 300;

describe('the connection of a stream', () => {
  it('ends with the server, though its client reads nothing', async () => {
    const server = fastify();
    const adapter = { httpAdapter: { getInstance: () => server } } as unknown as HttpAdapterHost;
    const connections = new StreamConnections({} as Authentication, adapter);
    connections.onModuleInit();
    let isOver = false;
    async function* endless(end: AbortSignal): AsyncGenerator<string, void, void> {
      try {
        while (!end.aborted) yield await Promise.resolve('x'.repeat(64 * 1024));
      } finally {
        isOver = true;
      }
    }
    server.get('/', (_request, reply) => reply.send(Readable.from(endless(connections.endOf(reply)))));
    await server.listen({ port: 0, host: '127.0.0.1' });
    const request = get({ port: (server.server.address() as AddressInfo).port, host: '127.0.0.1' });
    await once(request, 'response');
    await delay(FILLED_MS);
    await server.close();
    await eventually(() => isOver, true);
    request.destroy();
  });
});
