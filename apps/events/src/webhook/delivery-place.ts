import { DomainError } from '#platform/domain-error.js';
import { cursorAt, HISTORY_START, isBehind, readHistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import type { Position } from '#ledger/ledger.js';
import type { HistoryIndex } from '../index/history-index.js';

export type PlacesOfIndex = Pick<HistoryIndex, 'showHead' | 'lastUpTo' | 'entryNumbered'>;

/** An event, and where it was in the ledger of that time: another ledger with the same history has it elsewhere. */
export interface SeenEvent {
  readonly number: number;
  readonly stream: string;
  readonly revision: number;
  /** Text. */
  readonly cursor: string;
}

const cursorOf = (text: string) => readHistoryCursor(text) ?? HISTORY_START;

/** The last event up to a cursor; undefined when there is none, or the index does not know it now. */
export const seenUpTo = (index: PlacesOfIndex, cursor: string): SeenEvent | undefined => {
  try {
    const found = index.lastUpTo(cursorOf(cursor));
    if (found === undefined) return undefined;
    const { number, stream, revision } = found;
    return { number, stream, revision, cursor: textOfCursor(found.cursor) };
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'unavailable') return undefined;
    throw error;
  }
};

/**
 * Where to go on in the ledger of now, which may be another one that holds the same history, or one that was restored: behind the last event that was
 * seen, or at the end when the history took another course since.
 *
 * @throws DomainError `unavailable` while the index is being rebuilt
 */
export const resumedAt = async (
  index: PlacesOfIndex,
  head: Position,
  { cursor, seen }: { readonly cursor: string; readonly seen?: SeenEvent },
): Promise<string> => {
  const end = cursorAt(head);
  const known = isBehind(cursorOf(cursor), end) ? textOfCursor(end) : cursor;
  if (seen === undefined) return known;
  await index.showHead();
  const found = index.entryNumbered(seen.number);
  if (found === undefined) return known;
  if (found.stream !== seen.stream || found.revision !== seen.revision) return textOfCursor(end);
  const now = textOfCursor(found.cursor);
  return now === seen.cursor ? known : now;
};
