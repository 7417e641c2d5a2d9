import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** How long requests may still run once the server stops; the process itself ends a little later. */
const GRACE_MS = 8_000;
const IDLE_CHECK_MS = 50;

/**
 * Closes idle connections when the server stops, and after a grace period all others. Fastify alone waits for clients that keep
 * an unused connection, until the process is killed.
 */
export const drainConnectionsOnClose = (instance: FastifyInstance): void => {
  const { server } = instance;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  instance.addHook('preClose', (done) => {
    // Node.js does not count a connection as idle that has never carried a request.
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
