import { UNKNOWN_PLACE } from '#contracts/feed.js';
import { type HistoryCursor, type SeenPlace, textOfCursor } from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import { DomainError } from '#platform/domain-error.js';

export const unknownPlace = (place: SeenPlace): DomainError => {
  const event = `event ${textOfCursor(place)}`;
  const what = place.eventId === undefined ? event : `${event} with this id`;
  return new DomainError('invalid', UNKNOWN_PLACE, `The history has no ${what}`);
};

/**
 * @throws (rejects) DomainError when the history does not have the place, or not any more: an older backup of the ledger was restored, or it was
 * moved. Without an id of the event there, only a history that does not reach so far is noticed.
 */
export const checkReached = async (ledger: Pick<Ledger, 'head' | 'eventAt'>, place: SeenPlace): Promise<void> => {
  const { at, eventId } = place;
  const isThere = eventId === undefined ? at <= (await ledger.head()) : (await ledger.eventAt(at))?.id === eventId;
  if (!isThere) throw unknownPlace(place);
};

/** A place of this history, as somebody may come back with it. */
export const seenPlace = async (ledger: Pick<Ledger, 'eventAt'>, cursor: HistoryCursor): Promise<SeenPlace> => {
  const event = await ledger.eventAt(cursor.at);
  return event === undefined ? cursor : { ...cursor, eventId: event.id };
};
