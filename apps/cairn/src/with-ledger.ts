import type { Ledger } from '#ledger/ledger.js';
import { usingLedger } from '#ledger/open-ledger.js';
import { loadEnvironment } from '#platform/environment.js';
import type { Terminal } from './command-line.js';
import { existingLedger } from './existing-ledger.js';

/**
 * Lends the ledger that the environment names, which may be in use.
 *
 * @throws UsageError when there is none
 */
export const withLedger = async <Result>(
  { env }: Pick<Terminal, 'env'>,
  use: (ledger: Ledger) => Promise<Result>,
): Promise<Result> => usingLedger(existingLedger(loadEnvironment(env)), use);
