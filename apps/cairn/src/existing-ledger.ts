import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type LedgerLocation, ledgerLocation } from '#ledger/open-ledger.js';
import type { Environment } from '#platform/environment.js';
import { UsageError } from './command-line.js';

/**
 * The ledger that the environment names. Commands make none.
 *
 * @throws UsageError when there is no ledger in the data folder
 */
export const existingLedger = (environment: Environment): LedgerLocation => {
  const location = ledgerLocation(environment);
  const { dataDir, eventStoreUrl } = location;
  if (eventStoreUrl === undefined && !existsSync(join(dataDir, 'ledger.sqlite'))) {
    throw new UsageError(`there is no ledger in the data folder ${resolve(dataDir)}: name it in CAIRN_DATA_DIR`);
  }
  return location;
};
