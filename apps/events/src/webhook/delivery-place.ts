import { DomainError } from '#platform/domain-error.js';
import {
  cursorAt,
  HISTORY_START,
  type HistoryCursor,
  isBehind,
  readSeenPlace,
  textOfCursor,
} from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import type { HistoryIndex } from '../index/history-index.js';

export type PlacesOfIndex = Pick<HistoryIndex, 'showHead' | 'lastUpTo' | 'entryNumbered'>;

type EventsOfLedger = Pick<Ledger, 'head' | 'readStream'>;

/** An event, and where it was in the ledger of that time: another ledger with the same history has it elsewhere. */
export interface SeenEvent {
  readonly number: number;
  readonly stream: string;
  readonly revision: number;
  /** Tells it from another one that a restored history has there. Earlier versions did not note it. */
  readonly eventId?: string;
  /** Text. */
  readonly cursor: string;
}

/** Where a webhook has got to. For a while its place was noted with the id of the event there. */
export const cursorIn = (text: string): HistoryCursor => readSeenPlace(text) ?? HISTORY_START;

const idOf = async (
  ledger: EventsOfLedger,
  { stream, revision }: Pick<SeenEvent, 'stream' | 'revision'>,
): Promise<string | undefined> => (await ledger.readStream(stream, { from: revision, limit: 1 }))[0]?.id;

/** The last event up to a cursor; undefined when there is none, or the index or the ledger does not tell it now. */
export const seenUpTo = async (
  index: PlacesOfIndex,
  ledger: EventsOfLedger,
  cursor: string,
): Promise<SeenEvent | undefined> => {
  try {
    const found = index.lastUpTo(cursorIn(cursor));
    if (found === undefined) return undefined;
    const { number, stream, revision } = found;
    const eventId = await idOf(ledger, found).catch(() => undefined);
    return eventId === undefined
      ? undefined
      : { number, stream, revision, eventId, cursor: textOfCursor(found.cursor) };
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
  ledger: EventsOfLedger,
  { cursor, seen }: { readonly cursor: string; readonly seen?: SeenEvent },
): Promise<string> => {
  const end = cursorAt(await ledger.head());
  const known = isBehind(cursorIn(cursor), end) ? textOfCursor(end) : cursor;
  if (seen === undefined) return known;
  await index.showHead();
  const found = index.entryNumbered(seen.number);
  if (found === undefined) return known;
  const isThere = found.stream === seen.stream && found.revision === seen.revision;
  const isSame = isThere && (seen.eventId === undefined || (await idOf(ledger, found)) === seen.eventId);
  if (!isSame) return textOfCursor(end);
  const now = textOfCursor(found.cursor);
  return now === seen.cursor ? known : now;
};
