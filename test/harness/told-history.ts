import { effectiveEvents } from '#event-sourcing/effective-events.js';
import { textOfCursor } from '#event-sourcing/history-cursor.js';
import { eventually } from '#platform/testing/eventually.js';
import { openTestLedger } from './open-test-ledger.js';
import type { Got } from './sse-follower.js';

/** An event as consumers are to get it. */
export interface Told extends Got {
  readonly stream: string;
}

/** All events of a Cairn under test, in the order in which they took effect; its ledger as `openTestLedger` finds it. */
export const historyOf = async (...cairn: Parameters<typeof openTestLedger>): Promise<readonly Told[]> => {
  const ledger = await openTestLedger(...cairn);
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

/** Compares lists of thousands of events without a difference of thousands of lines. */
export const expectSame = (got: readonly Got[], expected: readonly Got[]): void => {
  const at = expected.findIndex(({ id, cursor }, index) => got[index]?.id !== id || got[index].cursor !== cursor);
  expect({ count: got.length, firstDifference: at }).toEqual({ count: expected.length, firstDifference: -1 });
};

/** Resolves when so many have come. It may take long, on a machine with more to do; it fails when nothing comes any more. */
export const untilAllCame = async (came: () => number, expected: number): Promise<void> => {
  for (let before = came(); before < expected; before = came()) {
    await eventually(() => came() > before, true);
  }
};
