import { effectiveEvents } from '#event-sourcing/effective-events.js';
import { textOfCursor } from '#event-sourcing/history-cursor.js';
import { openTestLedger } from './open-test-ledger.js';
import type { Got } from './sse-follower.js';

/** An event as consumers are to get it. */
export interface Told extends Got {
  readonly stream: string;
}

/** All events of a Cairn under test, in the order in which they took effect. */
export const historyOf = async (cairn: { readonly dataDir: string }): Promise<readonly Told[]> => {
  const ledger = await openTestLedger(cairn);
  const told: Told[] = [];
  for await (const { events } of effectiveEvents(ledger)) {
    for (const { event, cursor } of events) {
      told.push({ cursor: textOfCursor(cursor), id: event.id, stream: event.stream });
    }
  }
  await ledger.close();
  return told;
};

export const gotOf = (told: readonly Told[]): readonly Got[] => told.map(({ cursor, id }) => ({ cursor, id }));
