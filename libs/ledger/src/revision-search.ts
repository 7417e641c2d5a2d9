import { type Ledger, NO_STREAM, type Position } from './ledger.js';

/** Number of the last event of a stream up to a position; -1 when there is none. Reads one event for each halving of the stream. */
export const lastRevisionUpTo = async (ledger: Ledger, stream: string, position: Position): Promise<number> => {
  const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
  if (last === undefined) return NO_STREAM;
  if (last.position <= position) return last.revision;
  let [before, behind] = [NO_STREAM, last.revision];
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2);
    const [event] = await ledger.readStream(stream, { from: middle, limit: 1 });
    if (event !== undefined && event.position <= position) before = middle;
    else behind = middle;
  }
  return before;
};
