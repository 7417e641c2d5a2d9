import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreUnreachable, openLedger } from './open-ledger.js';

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

  it('names a ledger that is broken', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cairn-broken-'));
    writeFileSync(join(dataDir, 'ledger.sqlite'), 'no database, whatever its name says');
    await expect(openLedger({ dataDir })).rejects.toThrow(
      `${join(dataDir, 'ledger.sqlite')} cannot be used: file is not a database`,
    );
    rmSync(dataDir, { recursive: true });
  });
});
