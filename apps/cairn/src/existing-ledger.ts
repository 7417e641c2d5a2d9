import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { eventStoreConnection } from '#ledger/eventstoredb-settings.js';
import type { LedgerLocation } from '#ledger/open-ledger.js';
import type { Environment } from '#platform/environment.js';
import { UsageError } from './command-line.js';

/**
 * The ledger that the environment names. Commands make none.
 *
 * @throws UsageError when there is no ledger in the data folder
 */
export const existingLedger = (environment: Environment): LedgerLocation => {
  const dataDir = environment.CAIRN_DATA_DIR;
  const eventStoreUrl = eventStoreConnection(environment);
  if (eventStoreUrl === undefined && !existsSync(join(dataDir, 'ledger.sqlite'))) {
    throw new UsageError(`there is no ledger in the data folder ${resolve(dataDir)}: name it in CAIRN_DATA_DIR`);
  }
  return { dataDir, eventStoreUrl };
};
