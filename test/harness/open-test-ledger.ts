import type { Ledger, Position, RecordedEvent } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';

/**
 * Opens the ledger of a Cairn under test: the server that it was started with, by default the one that `EVENTSTORE_URL` names
 * for the whole run, or the SQLite file.
 */
export const openTestLedger = (
  { dataDir }: { readonly dataDir: string },
  eventStoreUrl = process.env['EVENTSTORE_URL'],
): Promise<Ledger> => openLedger({ dataDir, eventStoreUrl });

/** The events behind a position. */
export const eventsAfter = async (ledger: Ledger, after: Position): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of ledger.readAll({ after })) events.push(...batch.events);
  return events;
};
