import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Reads the ledger of a running Cairn. */
interface LedgerHead {
  /** Position of the last event. */
  head(): unknown;
  /** Streams and types of the events after this position. */
  after(position: unknown): readonly string[];
  close(): void;
}

/** Opens the SQLite ledger of a Cairn, which may be one process or many. */
export const ledgerOf = ({ dataDir }: { readonly dataDir: string }): LedgerHead => {
  const ledger = new DatabaseSync(join(dataDir, 'ledger.sqlite'), { readOnly: true });
  const last = ledger.prepare('SELECT max(position) AS head FROM event');
  const later = ledger.prepare(
    `SELECT name || ' ' || type AS event FROM event JOIN stream ON stream.id = event.stream
     WHERE position > ? ORDER BY position`,
  );
  return {
    head: () => last.get()?.['head'],
    after: (position) => later.all(Number(position)).map(({ event }) => String(event)),
    close: () => ledger.close(),
  };
};
