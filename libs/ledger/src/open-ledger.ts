import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger } from './ledger.js';
import { SqliteLedger } from './sqlite-ledger.js';

export interface LedgerLocation {
  readonly dataDir: string;
  /** EventStoreDB connection string (`esdb://…`); without it the ledger is a SQLite file in the data folder. */
  readonly eventStoreUrl?: string | undefined;
}

/** Opens the ledger that the configuration names. */
export const openLedger = async ({ dataDir, eventStoreUrl }: LedgerLocation): Promise<Ledger> => {
  if (eventStoreUrl !== undefined) {
    // Loaded only where it is used: the client takes longer to load than the rest of Cairn.
    const { EventStoreDbLedger } = await import('./eventstoredb-ledger.js');
    return EventStoreDbLedger.open(eventStoreUrl);
  }
  mkdirSync(dataDir, { recursive: true });
  return SqliteLedger.open(join(dataDir, 'ledger.sqlite'));
};
