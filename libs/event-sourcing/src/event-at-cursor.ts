import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import { BATCH_SEALED, readSealedParts } from '#ledger/staged-batch.js';
import type { HistoryCursor } from './history-cursor.js';

/** The event that a cursor is just behind; undefined when the ledger has none there. */
export const eventAtCursor = async (
  ledger: Ledger,
  { at, part }: HistoryCursor,
): Promise<RecordedEvent | undefined> => {
  const event = await ledger.eventAt(at);
  if (part === undefined) return event;
  if (event?.type !== BATCH_SEALED) return undefined;
  let before = 0;
  for await (const page of readSealedParts(ledger, event)) {
    if (part <= before + page.length) return page[part - before - 1];
    before += page.length;
  }
  return undefined;
};
