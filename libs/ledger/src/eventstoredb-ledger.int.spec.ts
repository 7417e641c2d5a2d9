import { ledgerContract } from './ledger.contract.js';
import { openLedger } from './open-ledger.js';

// Tests alone read this variable themselves: it names a server that they may write to.
const eventStoreUrl = process.env['EVENTSTORE_URL'];

if (eventStoreUrl === undefined) {
  describe('Ledger: EventStoreDB', () => {
    it.skip('needs a server: set EVENTSTORE_URL, such as esdb://127.0.0.1:2113?tls=false', () => undefined);
  });
} else {
  ledgerContract('EventStoreDB', () => openLedger({ dataDir: '', eventStoreUrl }));
}
