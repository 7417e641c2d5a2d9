import { join } from 'node:path';
import { SERVICES } from '#bus/contract.js';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import type { Ledger } from '#ledger/ledger.js';
import { ledgerLocation, usingLedger } from '#ledger/open-ledger.js';
import { type Environment, loadEnvironment } from '#platform/environment.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';
import type { Terminal } from './command-line.js';

/**
 * Keeps Cairn from starting on a data folder.
 *
 * @throws CannotStart while one runs
 */
export const whileIdle = async <Result>(
  { CAIRN_DATA_DIR: dataDir }: Environment,
  use: () => Promise<Result>,
): Promise<Result> => {
  keepNewFilesPrivate();
  const locks: OwnerLock[] = [];
  try {
    for (const service of SERVICES) locks.push(OwnerLock.take(join(dataDir, 'read-models', `${service}.sqlite`)));
    return await use();
  } finally {
    for (const lock of locks) lock.release();
  }
};

/**
 * Lends the ledger that the environment names, made if there is none, while no Cairn runs on the data folder.
 *
 * @throws CannotStart while one runs
 */
export const withIdleLedger = <Result>(
  { env }: Pick<Terminal, 'env'>,
  use: (ledger: Ledger) => Promise<Result>,
): Promise<Result> => {
  const environment = loadEnvironment(env);
  return whileIdle(environment, () => usingLedger(ledgerLocation(environment), use));
};
