import type { Ledger } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';

/** Opens the ledger of a Cairn under test: the server that `EVENTSTORE_URL` names for the whole run, or the SQLite file. */
export const openTestLedger = ({ dataDir }: { readonly dataDir: string }): Promise<Ledger> =>
  openLedger({ dataDir, eventStoreUrl: process.env['EVENTSTORE_URL'] });
