import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MODES } from '../harness/cairn-process.js';
import { watchPeak } from '../harness/peak-memory.js';
import { useTestCluster } from '../harness/test-cluster.js';

const MIB = 1024 * 1024;
const DOCUMENT_BYTES = 4 * MIB - 1000;
const config = (description: string): string =>
  `{"version":3.1,"description":"${description}","tasks":[{"name":"a","trays":[{"modules":[{}]}]}]}`;

describe('large bodies', () => {
  describe.each(MODES)('half sent ($mode)', (mode) => {
    const cluster = useTestCluster(mode);
    /** The default of `BODIES_MIB_MAX`, and what connections and the garbage of chunks take. */
    const GROWTH_MIB_MAX = 128 + 64;

    it('take no more memory than all bodies together may', async () => {
      const { cairn, anonymous } = cluster();
      const pid = [...cairn.pids().values()].at(-1) ?? 0;
      const growth = watchPeak(pid);
      const sockets: Socket[] = [];
      const half = Buffer.from(config('x'.repeat(DOCUMENT_BYTES))).subarray(0, -1000);
      for (let user = 0; user < 10; user += 1) {
        const token = await cairn.token({ username: `user${user}`, roles: ['admin'] });
        for (let count = 0; count < 10; count += 1) {
          const socket = connect(Number(new URL(cairn.url).port), '127.0.0.1').on('error', () => undefined);
          sockets.push(socket);
          socket.write(
            `PUT /config/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${half.length + 1000}\r\n\r\n`,
          );
          if (!socket.write(half)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
        }
      }
      expect((await anonymous.get('/healthz')).status).toBe(200);
      expect(growth()).toBeLessThan(GROWTH_MIB_MAX);
      for (const socket of sockets) socket.destroy();
    });
  });
});
