import { Command } from 'commander';
import { exportLedger } from '#ledger/transfer/export-ledger.js';
import { TransferError } from '#ledger/transfer/transfer-error.js';
import { fail, type Terminal } from './command-line.js';
import { withLedger } from './with-ledger.js';

/** `cairn export` */
export const exportCommand = (terminal: Terminal): Command =>
  new Command('export')
    .argument('<file>', 'where to write; a name that ends in .zst or .gz has it compressed')
    .description(
      `Writes all events of the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL) into a file of JSON lines with checksums, for 'cairn import'. It may run beside
Cairn. An export that was interrupted, or made when the ledger had fewer events, goes on in the same file, unless it is compressed.
The same events always give the same file. Logs and other large documents are not in it, nor are accounts and their passwords.`,
    )
    .action(async (file: string) => {
      try {
        const { events, kept } = await withLedger(terminal, (ledger) => exportLedger(ledger, file));
        terminal.stdout.write(`${events} events, ${events - kept} of them written now\n`);
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
        fail(terminal, error);
      }
    });
