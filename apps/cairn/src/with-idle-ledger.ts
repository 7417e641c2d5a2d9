import { join } from 'node:path';
import { SERVICES } from '#bus/contract.js';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import { eventStoreConnection } from '#ledger/eventstoredb-settings.js';
import type { Ledger } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { loadEnvironment } from '#platform/environment.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';
import type { Terminal } from './command-line.js';

/**
 * Lends the ledger that the environment names, made if there is none, while no Cairn runs on the data folder.
 *
 * @throws CannotStart while one runs
 */
export const withIdleLedger = async <Result>(
  { env }: Pick<Terminal, 'env'>,
  use: (ledger: Ledger) => Promise<Result>,
): Promise<Result> => {
  const environment = loadEnvironment(env);
  const dataDir = environment.CAIRN_DATA_DIR;
  keepNewFilesPrivate();
  const locks: OwnerLock[] = [];
  try {
    for (const service of SERVICES) locks.push(OwnerLock.take(join(dataDir, 'read-models', `${service}.sqlite`)));
    const ledger = await openLedger({ dataDir, eventStoreUrl: eventStoreConnection(environment) });
    try {
      return await use(ledger);
    } finally {
      await ledger.close();
    }
  } finally {
    for (const lock of locks) lock.release();
  }
};
