import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { importExport } from '#ledger/transfer/import-export.js';
import { TransferError } from '#ledger/transfer/transfer-error.js';
import { fail, type Terminal, UsageError } from './command-line.js';
import { withIdleLedger } from './with-idle-ledger.js';

/** `cairn import` */
export const importCommand = (terminal: Terminal): Command =>
  new Command('import')
    .argument('<file>', "made by 'cairn export'")
    .description(
      `Brings an exported history into the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL), which must be empty. An import that was interrupted is finished by
the same command. Checksums and chains of hashes of the whole file are checked before anything is stored. No Cairn may run on the ledger.`,
    )
    .action(async (file: string) => {
      if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
      try {
        const { events, kept } = await withIdleLedger(terminal, (ledger) => importExport(file, ledger));
        terminal.stdout.write(`${events} events, ${events - kept} of them stored now\n`);
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
        fail(terminal, error);
      }
    });
