import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { archiveLedger, ArchiveRefused, restoreArchive } from '#ledger/archive/archive-ledger.js';
import { loadEnvironment } from '#platform/environment.js';
import { INSTANT_EXPECTED, readInstant } from '#platform/instant.js';
import { fail, type Terminal, UsageError } from './command-line.js';
import { existingLedger } from './existing-ledger.js';
import { whileIdle } from './with-idle-ledger.js';

const instant = (text: string): number => {
  const micros = readInstant(text);
  if (micros === undefined) throw new InvalidArgumentError(`It must be ${INSTANT_EXPECTED}.`);
  return micros;
};

interface Options {
  readonly before?: number;
  readonly restore?: true;
}

/** `cairn archive` */
export const archiveCommand = (terminal: Terminal): Command =>
  new Command('archive')
    .description(
      `Moves the events of workloads of which nothing has happened for long out of the ledger in SQLite (CAIRN_DATA_DIR) into a file beside it,
ledger-archive.sqlite, which belongs to the ledger from then on: everything reads it where it reads the ledger, and answers as before.
The ledger becomes smaller, and with it each backup. Stop Cairn before.`,
    )
    .addOption(
      new Option('--before <time>', `workloads whose last event is older: ${INSTANT_EXPECTED}`).argParser(instant),
    )
    .addOption(new Option('--restore', 'moves everything back instead').conflicts('before'))
    .action(async ({ before, restore }: Options) => {
      const environment = loadEnvironment(terminal.env);
      const { dataDir, eventStoreUrl } = existingLedger(environment);
      if (eventStoreUrl !== undefined) throw new UsageError('the ledger is in EventStoreDB, which has no archive');
      if (before === undefined && restore === undefined) throw new UsageError('expected --before or --restore');
      const file = join(dataDir, 'ledger.sqlite');
      const move = (): string => {
        if (before === undefined) return `${restoreArchive(file)} events moved back`;
        const { events, streams } = archiveLedger(file, before);
        return `${events} events of ${streams} streams moved`;
      };
      try {
        terminal.stdout.write(`${await whileIdle(environment, () => Promise.resolve(move()))}\n`);
      } catch (error) {
        if (!(error instanceof ArchiveRefused)) throw error;
        fail(terminal, error);
      }
    });
