import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createServer as createTlsServer } from 'node:tls';
import type { Log } from '#platform/logging.js';
import { type Certificates, makeCertificates } from '#platform/testing/certificates.js';
import { START } from './ledger.js';
import { EventStoreUnreachable, openLedger } from './open-ledger.js';
import { EventStoreDbDouble } from './testing/eventstoredb-double.js';

const freePort = (): Promise<number> =>
  new Promise((settle) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => settle(port));
    });
  });

describe('openLedger', () => {
  it('says that no EventStoreDB answers, without the password', async () => {
    const eventStoreUrl = `esdb://admin:changeit@127.0.0.1:${await freePort()}?tls=false`;
    const opening = openLedger({ dataDir: '/nowhere', eventStoreUrl });
    await expect(opening).rejects.toThrow(EventStoreUnreachable);
    await expect(opening).rejects.toThrow(
      /^EVENTSTORE_URL is set, but no ledger answers there: (?!.*changeit).*ECONNREFUSED/,
    );
  });

  it('does not wait for a file that is not there', async () => {
    const log = { warn: () => undefined, info: () => undefined } as unknown as Log;
    for (const files of ['tlsCAFile=/nowhere', 'userCertFile=/nowhere&userKeyFile=/nowhere']) {
      const eventStoreUrl = `esdb://127.0.0.1:1?${files}`;
      const opening = openLedger({ dataDir: '/nowhere', eventStoreUrl, wait: { withinMs: 3_600_000, log } });
      await expect(opening).rejects.toThrow('EVENTSTORE_URL names the file /nowhere, which cannot be read');
    }
  });

  it('waits while a cluster elects its leader', async () => {
    const double = await EventStoreDbDouble.start({ nodes: 3 });
    double.startElection();
    const waits = Promise.withResolvers<string>();
    const log = { warn: ({ why }: { why: string }) => waits.resolve(why), info: () => undefined } as unknown as Log;
    const opening = openLedger({
      dataDir: '/nowhere',
      eventStoreUrl: double.url,
      wait: { withinMs: 3_600_000, log },
    });
    expect(await waits.promise).toContain('no ledger answers there');
    double.elect(1);
    const ledger = await opening;
    expect(await ledger.head()).toBe(START);
    await ledger.close();
    double.stop();
  });

  describe('with TLS', () => {
    let certificates: Certificates;
    let double: EventStoreDbDouble;

    beforeAll(async () => {
      certificates = await makeCertificates();
      double = await EventStoreDbDouble.start({ tls: certificates });
    });

    afterAll(async () => {
      double.stop();
      await certificates.remove();
    });

    it('connects to an address', async () => {
      const ledger = await openLedger({
        dataDir: '/nowhere',
        eventStoreUrl: `${double.url}&tlsCAFile=${certificates.ca}`,
      });
      await ledger.close();
    });

    it('says that the server speaks it when it is asked without', async () => {
      const eventStoreUrl = double.url.replace('tls=true', 'tls=false');
      await expect(openLedger({ dataDir: '/nowhere', eventStoreUrl })).rejects.toThrow(
        /^EVENTSTORE_URL is set, but no ledger answers there: .*; 127\.0\.0\.1:\d+ speaks TLS, but is asked without/,
      );
    });

    it('does not send an address as the name of the server, which Node.js warns of', async () => {
      const names: (string | false | null)[] = [];
      const server = createTlsServer(
        { cert: readFileSync(certificates.cert), key: readFileSync(certificates.key), ALPNProtocols: ['h2'] },
        (socket) => {
          names.push(socket.servername);
          socket.destroy();
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const eventStoreUrl = (host: string): string => `esdb://${host}:${port}?tls=true&tlsCAFile=${certificates.ca}`;
      for (const host of ['127.0.0.1', 'localhost']) {
        const before = names.length;
        await expect(openLedger({ dataDir: '/nowhere', eventStoreUrl: eventStoreUrl(host) })).rejects.toThrow();
        expect(names[before]).toBe(host === 'localhost' ? host : false);
      }
      server.close();
    });
  });

  it('names a ledger that is broken', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cairn-broken-'));
    writeFileSync(join(dataDir, 'ledger.sqlite'), 'no database, whatever its name says');
    await expect(openLedger({ dataDir })).rejects.toThrow(
      `${join(dataDir, 'ledger.sqlite')} cannot be used: file is not a database`,
    );
    rmSync(dataDir, { recursive: true });
  });

  it('leaves no connection to a ledger whose tables are not there', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cairn-broken-'));
    await (await openLedger({ dataDir })).close();
    const database = new DatabaseSync(join(dataDir, 'ledger.sqlite'));
    database.exec('ALTER TABLE event RENAME TO other');
    database.close();
    await expect(openLedger({ dataDir })).rejects.toThrow('no such table: event');
    // The last connection that is closed removes them.
    expect(readdirSync(dataDir).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
    rmSync(dataDir, { recursive: true });
  });
});
