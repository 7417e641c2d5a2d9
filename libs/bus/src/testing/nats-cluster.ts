import { createServer, type AddressInfo } from 'node:net';
import { type NatsServer, startNatsServer } from './nats-server.js';

/** Servers of NATS that share subjects and streams. */
export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  /** Addresses of all, as in `NATS_URL`. */
  readonly urls: readonly string[];
  remove(): Promise<void>;
}

const freePorts = async (count: number): Promise<readonly number[]> => {
  const listening = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listening.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = listening.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** A cluster on free ports of this machine; `common` is configuration of each server. */
export const startNatsCluster = async (size = 3, common = ''): Promise<NatsCluster> => {
  const ports = await freePorts(size);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const configOf = (port: number, index: number): string =>
    `server_name: n${index}\ncluster { name: cairn, listen: "127.0.0.1:${port}", routes: [${routes}] }\n${common}`;
  const servers = await Promise.all(ports.map((port, index) => startNatsServer({ config: configOf(port, index) })));
  return {
    servers,
    urls: servers.map(({ url }) => url),
    remove: async () => {
      await Promise.all(servers.map((server) => server.remove()));
    },
  };
};
