import { type Ledger, NO_STREAM, type Position, type RecordedEvent } from '#ledger/ledger.js';
import { firstRevisionOfBatch } from '#ledger/staged-batch.js';
import { perConnection } from './per-connection.js';
import type { Snapshot } from './snapshots.js';

const headOn = perConnection((database) =>
  database.prepare('SELECT revision, position FROM model_stream WHERE stream = ?'),
);

/** The last event of a stream that a snapshot shows. */
const headIn = ({ database }: Snapshot, stream: string): { readonly revision: number; readonly position: Position } => {
  const row = headOn(database).get(stream);
  if (row === undefined) return { revision: NO_STREAM, position: 0 };
  return { revision: Number(row['revision']), position: Number(row['position'] ?? Infinity) };
};

const eventAt = async (ledger: Ledger, stream: string, revision: number): Promise<RecordedEvent> => {
  const [event] = await ledger.readStream(stream, { from: revision, limit: 1 });
  if (event?.revision !== revision) throw new Error(`Event ${revision} of ${stream} is missing`);
  return event;
};

/** Parts of a batch take effect with its seal: while the last event is a part, the events before the batch are effective. */
const effectiveAt = async (ledger: Ledger, last: RecordedEvent): Promise<number> =>
  (await firstRevisionOfBatch(ledger, last.stream, last)) - 1;

/**
 * The last event of a stream that was effective at a position of the ledger, by its number in the stream: what a list showed
 * that said this position, no later event has changed. -1 before the first one.
 *
 * Read from the ledger, so that it is the same whenever a read model was made. Positions that clients ask for are mostly recent:
 * the search begins at the end of the stream and doubles its steps.
 */
export const revisionAt = async (
  ledger: Ledger,
  snapshot: Snapshot,
  stream: string,
  position: Position,
): Promise<number> => {
  const head = headIn(snapshot, stream);
  if (head.revision === NO_STREAM) return NO_STREAM;
  if (head.position <= position) return effectiveAt(ledger, await eventAt(ledger, stream, head.revision));
  let behind = head.revision;
  let found: RecordedEvent | undefined;
  for (let step = 1; found === undefined && behind > 0; step *= 2) {
    const event = await eventAt(ledger, stream, Math.max(0, behind - step));
    if (event.position <= position) found = event;
    else behind = event.revision;
  }
  if (found === undefined) return NO_STREAM;
  while (behind - found.revision > 1) {
    const event = await eventAt(ledger, stream, Math.floor((found.revision + behind) / 2));
    if (event.position <= position) found = event;
    else behind = event.revision;
  }
  return effectiveAt(ledger, found);
};
