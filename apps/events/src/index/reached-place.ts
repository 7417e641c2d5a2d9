import { UNKNOWN_PLACE } from '#contracts/feed.js';
import { type HistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import type { Ledger } from '#ledger/ledger.js';
import { DomainError } from '#platform/domain-error.js';

export const unknownPlace = (place: HistoryCursor): DomainError =>
  new DomainError('invalid', UNKNOWN_PLACE, `The history has no event ${textOfCursor(place)}`);

/** @throws (rejects) DomainError when the history does not reach the place, or not any more: an older backup of the ledger was restored */
export const checkReached = async (ledger: Pick<Ledger, 'head'>, place: HistoryCursor): Promise<void> => {
  if (place.at > (await ledger.head())) throw unknownPlace(place);
};
