import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** Requests that are under way when the server stops have so long; the process itself ends a little later. */
const GRACE_MS = 8_000;
const IDLE_CHECK_MS = 50;

/**
 * Has a server that stops end its connections. Left alone it waits for clients that keep a connection they have no use for, or
 * have opened one ahead, until somebody loses patience and the process ends in the middle of things.
 */
export const drainConnectionsOnClose = (instance: FastifyInstance): void => {
  const { server } = instance;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  instance.addHook('preClose', (done) => {
    // Node.js does not count as idle what has never been used.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const checks = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    const end = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.once('close', () => {
      clearInterval(checks);
      clearTimeout(end);
    });
    done();
  });
};
