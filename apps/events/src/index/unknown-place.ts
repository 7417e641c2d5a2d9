import { UNKNOWN_PLACE } from '#contracts/feed.js';
import { type HistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import { DomainError } from '#platform/domain-error.js';

export const unknownPlace = (place: HistoryCursor): DomainError =>
  new DomainError('invalid', UNKNOWN_PLACE, `The history has no event ${textOfCursor(place)}`);
