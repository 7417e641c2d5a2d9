import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const makeCertificate = async (): Promise<{ readonly key: string; readonly cert: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
  await promisify(execFile)('openssl', [...words.split(' '), '-keyout', key, '-out', cert]);
  const made = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  await rm(folder, { recursive: true });
  return made;
};

/** Terminates TLS in front of a server, as the proxy of an installation does. */
export interface TlsProxy {
  /** `https://localhost:<port>` */
  readonly origin: string;
  /** Clients that trust this certificate trust the proxy. */
  readonly certificate: string;
  /** Requests below `prefix` are passed on to `url`, without the prefix. */
  pointTo(url: string, prefix: string): void;
  stop(): Promise<void>;
}

export const startTlsProxy = async (): Promise<TlsProxy> => {
  const { key, cert } = await makeCertificate();
  let target = '';
  let below = '';
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const { method, url = '/', headers, socket } = incoming;
    if (!url.startsWith(below)) {
      outgoing.writeHead(404).end();
      return;
    }
    const forwardedHeaders = {
      ...headers,
      host: new URL(target).host,
      'x-forwardedHeaders-for': [headers['x-forwardedHeaders-for'] ?? [], socket.remoteAddress ?? ''].flat().join(', '),
      'x-forwardedHeaders-proto': 'https',
      'x-forwardedHeaders-host': headers.host,
    };
    const forwardedRequest = request(
      `${target}${url.slice(below.length)}`,
      { method, headers: forwardedHeaders },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwardedRequest.on('error', () => outgoing.destroy());
    incoming.pipe(forwardedRequest);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    pointTo: (url, prefix) => {
      target = url;
      below = prefix;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
