import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ChainFault, type ChainReport, verifyChain } from '#ledger/hash-chain.js';
import { openLedger } from '#ledger/open-ledger.js';
import { type Environment, loadEnvironment } from '#platform/environment.js';
import { type Command, UsageError } from './command-line.js';

const EXIT_BROKEN = 1;

const MEANING: Readonly<Record<ChainFault['kind'], string>> = {
  gap: 'an event before it is missing or doubled',
  hash: 'it or the event before it was changed',
};

const verified = async ({
  CAIRN_DATA_DIR: dataDir,
  EVENTSTORE_URL: eventStoreUrl,
}: Environment): Promise<ChainReport> => {
  if (eventStoreUrl === undefined && !existsSync(join(dataDir, 'ledger.sqlite'))) {
    throw new UsageError(`there is no ledger in ${dataDir}`);
  }
  const ledger = await openLedger({ dataDir, eventStoreUrl });
  try {
    return await verifyChain(ledger);
  } finally {
    await ledger.close();
  }
};

/** `cairn verify` */
export const verifyCommand: Command = {
  name: 'verify',
  usage: `Follows the chain of hashes of every stream in the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL), or in a copy of it.
Also beside a running Cairn. What was cut off at the end of a stream leaves no trace.

  cairn verify   tells each event that does not fit, and ends with 1 when there are any
`,

  run: async (words, { env, stdout }) => {
    if (words.length > 0) throw new UsageError(`'${words.join(' ')}' is too much`);
    const { events, streams, faults } = await verified(loadEnvironment(env));
    for (const { position, stream, revision, kind } of faults) {
      stdout.write(`position ${position}, event ${revision} of ${stream}: ${MEANING[kind]}\n`);
    }
    stdout.write(`${events} events in ${streams} streams: ${faults.length === 0 ? 'whole' : 'broken'}\n`);
    return faults.length === 0 ? 0 : EXIT_BROKEN;
  },
};
