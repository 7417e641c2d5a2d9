import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment } from './environment.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';

export interface HealthListener {
  readonly url: string;
  close(): Promise<void>;
}

interface ProbeAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (status: number, value: unknown): ProbeAnswer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

/** Answers of `/livez`, `/readyz` and `/metrics`, the same in every process; undefined for any other path. */
export const probe = async (path: string, health: Health, metrics: Metrics): Promise<ProbeAnswer | undefined> => {
  switch (path) {
    case '/livez':
      await health.alive();
      return json(200, { alive: true });
    case '/readyz': {
      const report = await health.report();
      return json(report.ready ? 200 : 503, report);
    }
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    default:
      return undefined;
  }
};

/** A small HTTP listener for the processes that serve no HTTP otherwise. */
export const listenForProbes = async (
  { PORT, HOST }: Pick<Environment, 'PORT' | 'HOST'>,
  health: Health,
  metrics: Metrics,
): Promise<HealthListener> => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const { status, type, body } = (await probe(path, health, metrics)) ?? json(404, { error: 'not found' });
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, resolve);
  });
  return {
    url: urlOf(server.address()),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeIdleConnections();
      }),
  };
};

/** The address that a server listens at, as clients write it. */
export const urlOf = (address: AddressInfo | string | null): string => {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  const { family, address: host, port } = address;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${family === 'IPv6' && reachable === host ? `[${host}]` : reachable}:${port}`;
};
