import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { nkeys } from '@nats-io/transport-node';
import { connectNats, type NatsSettings } from './nats-connection.js';
import { makeCertificates } from '#platform/testing/certificates.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { memoryLog } from './testing/serve-module.js';

describe('connectNats', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-nats-settings-'));
  const fileOf = (name: string, text: string, mode = 0o600): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    // The umask does not apply to this.
    chmodSync(file, mode);
    return file;
  };
  const servers: NatsServer[] = [];
  const start = async (config: string): Promise<NatsServer> => {
    const server = await startNatsServer({ config });
    servers.push(server);
    return server;
  };
  const connecting = (settings: NatsSettings) => connectNats(settings, 'tasks', memoryLog().log, 500);
  /** Resolves when a connection is made and serves. */
  const connects = async (settings: NatsSettings): Promise<void> => {
    const connection = await connectNats(settings, 'tasks', memoryLog().log);
    await connection.flush();
    await connection.close();
  };

  afterAll(async () => {
    for (const server of servers) await server.remove();
    rmSync(folder, { recursive: true });
  });

  it('logs in with an nkey, and not with another one', async () => {
    const [user, stranger] = [nkeys.createUser(), nkeys.createUser()];
    const { url } = await start(`authorization { users: [{ nkey: ${user.getPublicKey()} }] }`);
    const seedOf = (name: string, pair: typeof user): string =>
      fileOf(name, `${new TextDecoder().decode(pair.getSeed())}\n`);
    await connects({ NATS_URL: [url], NATS_NKEY_SEED: seedOf('user.nk', user) });
    await expect(connecting({ NATS_URL: [url], NATS_NKEY_SEED: seedOf('other.nk', stranger) })).rejects.toThrow(
      /^NATS_URL is set but no connection is made to 127\.0\.0\.1:\d+: Authorization Violation/i,
    );
    await expect(connecting({ NATS_URL: [url] })).rejects.toThrow(/authorization violation/i);
  });

  it('logs in with a name, and a password from a file or in the URL', async () => {
    const { url, port } = await start('authorization { user: cairn, password: "p@ss/w" }');
    const password = fileOf('password', 'p@ss/w\n');
    await connects({ NATS_URL: [url], NATS_USER: 'cairn', NATS_PASSWORD_FILE: password });
    await connects({ NATS_URL: [`nats://cairn:p%40ss%2Fw@127.0.0.1:${port}`] });
    await expect(connecting({ NATS_URL: [`nats://cairn:hunter2@127.0.0.1:${port}`] })).rejects.toThrow(
      /^(?!.*hunter2).*authorization violation/i,
    );
  });

  it('takes the next server of the list when one does not answer', async () => {
    const { url } = await start('');
    await connects({ NATS_URL: ['nats://127.0.0.1:1', url] });
  });

  it('speaks TLS with a certificate of its own to a server whose authority it knows, and never without', async () => {
    const { ca, cert, key, remove } = await makeCertificates();
    const { port } = await start(
      `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: true, timeout: 10 }`,
    );
    const NATS_URL = [`tls://127.0.0.1:${port}`];
    await connects({ NATS_URL, NATS_TLS_CA: ca, NATS_TLS_CERT: cert, NATS_TLS_KEY: key });
    await expect(connecting({ NATS_URL, NATS_TLS_CA: ca })).rejects.toThrow(
      /^NATS_URL is set but no connection is made/,
    );
    await expect(connecting({ NATS_URL, NATS_TLS_CERT: cert, NATS_TLS_KEY: key })).rejects.toThrow(
      /self.signed|verify/i,
    );
    await expect(connecting({ NATS_URL: [`nats://127.0.0.1:${port}`] })).rejects.toThrow(
      /self.signed.*; the broker speaks TLS, but is asked without: name the authority .* in NATS_TLS_CA/i,
    );
    const plain = await start('');
    await expect(connecting({ NATS_URL: [`tls://127.0.0.1:${plain.port}`] })).rejects.toThrow(/does not support 'tls'/);
    await remove();
  });

  it('compares the certificate with the address that it connects to', async () => {
    for (const [subjects, isRight] of [
      ['DNS:localhost', false],
      ['IP:127.0.0.2', false],
      ['IP:127.0.0.1', true],
    ] as const) {
      const { ca, cert, key, remove } = await makeCertificates(subjects);
      const { port } = await start(`tls { cert_file: "${cert}", key_file: "${key}", timeout: 10 }`);
      const settings = { NATS_URL: [`tls://127.0.0.1:${port}`], NATS_TLS_CA: ca };
      if (isRight) await connects(settings);
      else await expect(connecting(settings)).rejects.toThrow(/IP: 127.0.0.1 is not in the cert's list/);
      await remove();
    }
  });

  it('says that a server speaks TLS from the first byte', async () => {
    const { cert, key, remove } = await makeCertificates();
    const files = { cert: readFileSync(cert), key: readFileSync(key) };
    const server = createServer({ ...files, handshakeTimeout: 500 }, (socket) => socket.destroy());
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(connecting({ NATS_URL: [`nats://127.0.0.1:${port}`] })).rejects.toThrow(
      `; 127.0.0.1:${port} speaks TLS from the first byte, which Cairn does not`,
    );
    server.close();
    await remove();
  });

  it('names a file that it cannot use', async () => {
    const NATS_URL = ['nats://127.0.0.1:1'];
    const seed = fileOf('open.nk', 'SUA', 0o644);
    await expect(connecting({ NATS_URL, NATS_NKEY_SEED: seed })).rejects.toThrow(
      `NATS_NKEY_SEED is "${seed}", which every user of this machine may open; chmod 600 it`,
    );
    await expect(connecting({ NATS_URL, NATS_CREDS: '/nowhere' })).rejects.toThrow(
      'NATS_CREDS is "/nowhere", which cannot be read',
    );
    await expect(connecting({ NATS_URL, NATS_TLS_CA: fileOf('empty', ' ') })).rejects.toThrow('which is empty');
    const both = { NATS_CREDS: seed, NATS_USER: 'cairn', NATS_PASSWORD_FILE: seed };
    await expect(connecting({ NATS_URL, ...both })).rejects.toThrow('NATS_CREDS and NATS_USER are set');
  });
});
