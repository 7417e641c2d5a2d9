import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type ChainFault, type ChainReport, verifyChain } from '#ledger/hash-chain.js';
import { eventStoreConnection } from '#ledger/eventstoredb-settings.js';
import { openLedger } from '#ledger/open-ledger.js';
import { type Environment, loadEnvironment } from '#platform/environment.js';
import { EXIT, type Terminal, UsageError } from './command-line.js';

const FAULT_DESCRIPTIONS: Readonly<Record<ChainFault['kind'], string>> = {
  gap: 'an event before it is missing or doubled',
  hash: 'it or the event before it was changed',
};

const verifyLedger = async (environment: Environment): Promise<ChainReport> => {
  const dataDir = environment.CAIRN_DATA_DIR;
  const eventStoreUrl = eventStoreConnection(environment);
  if (eventStoreUrl === undefined && !existsSync(join(dataDir, 'ledger.sqlite'))) {
    throw new UsageError(`there is no ledger in the data folder ${resolve(dataDir)}: name it in CAIRN_DATA_DIR`);
  }
  const ledger = await openLedger({ dataDir, eventStoreUrl });
  try {
    return await verifyChain(ledger);
  } finally {
    await ledger.close();
  }
};

/** `cairn verify` */
export const verifyCommand = (terminal: Terminal): Command =>
  new Command('verify')
    .description(
      `Follows the chain of hashes of every stream in the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL), or in a copy of it, and names each
event that does not fit. It may run beside Cairn. Events that were cut off at the end of a stream leave no trace.`,
    )
    .action(async () => {
      const { events, streams, faults } = await verifyLedger(loadEnvironment(terminal.env));
      for (const { position, stream, revision, kind } of faults) {
        terminal.stdout.write(`position ${position}, event ${revision} of ${stream}: ${FAULT_DESCRIPTIONS[kind]}\n`);
      }
      terminal.stdout.write(`${events} events in ${streams} streams: ${faults.length === 0 ? 'whole' : 'broken'}\n`);
      if (faults.length > 0) terminal.exitCode = EXIT.failed;
    });
