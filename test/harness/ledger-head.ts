import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Looks into the ledger from outside. */
interface LedgerHead {
  /** Position of the last event. */
  head(): unknown;
  close(): void;
}

/** The ledger of a Cairn that runs on the SQLite file, in one process or in many. */
export const ledgerOf = ({ dataDir }: { readonly dataDir: string }): LedgerHead => {
  const ledger = new DatabaseSync(join(dataDir, 'ledger.sqlite'), { readOnly: true });
  const last = ledger.prepare('SELECT max(position) AS head FROM event');
  return { head: () => last.get()?.['head'], close: () => ledger.close() };
};
