import { createServer, type AddressInfo } from 'node:net';
import { OutcomeUnknown } from './errors.js';
import { EventStoreDbLedger } from './eventstoredb-ledger.js';
import { ledgerContract } from './ledger.contract.js';
import { NO_STREAM } from './ledger.js';
import { openLedger } from './open-ledger.js';
import { EventStoreDbDouble } from './testing/eventstoredb-double.js';
import { someEvent } from './testing/new-events.js';

let double: EventStoreDbDouble;

beforeAll(async () => {
  double = await EventStoreDbDouble.start();
});

afterAll(() => double.stop());

ledgerContract('EventStoreDB (double)', () => openLedger({ dataDir: '', eventStoreUrl: double.url }));

// Tests alone read this variable themselves: it names a server that they may write to.
const eventStoreUrl = process.env['EVENTSTORE_URL'];

if (eventStoreUrl === undefined) {
  describe('Ledger: EventStoreDB', () => {
    it.skip('needs a server: set EVENTSTORE_URL, such as esdb://127.0.0.1:2113?tls=false', () => undefined);
  });
} else {
  ledgerContract('EventStoreDB', () => openLedger({ dataDir: '', eventStoreUrl }));
}

describe('EventStoreDB that is away', () => {
  it('is looked for again by each append', async () => {
    let visits = 0;
    const nobody = createServer((socket) => {
      visits++;
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const { port } = nobody.address() as AddressInfo;
    const ledger = EventStoreDbLedger.open(`esdb+discover://127.0.0.1:${port}?tls=false&maxDiscoverAttempts=1`);
    try {
      for (let attempt = 1; attempt <= 3; attempt++) {
        const before = visits;
        await expect(ledger.append('work-a', NO_STREAM, [someEvent()])).rejects.toBeInstanceOf(OutcomeUnknown);
        expect(visits).toBeGreaterThan(before);
      }
    } finally {
      await ledger.close();
      nobody.close();
    }
  });
});
