import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Reads the ledger of a running Cairn. */
interface LedgerHead {
  /** Position of the last event. */
  head(): unknown;
  close(): void;
}

/** Opens the SQLite ledger of a Cairn, which may be one process or many. */
export const ledgerOf = ({ dataDir }: { readonly dataDir: string }): LedgerHead => {
  const ledger = new DatabaseSync(join(dataDir, 'ledger.sqlite'), { readOnly: true });
  const last = ledger.prepare('SELECT max(position) AS head FROM event');
  return { head: () => last.get()?.['head'], close: () => ledger.close() };
};
