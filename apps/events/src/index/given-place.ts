import { DomainError } from '#platform/domain-error.js';
import { readSeenPlace, type SeenPlace } from '#event-sourcing/history-cursor.js';

/**
 * The place in the history that a member of a request names.
 *
 * @throws DomainError when the text is none
 */
export const givenPlace = (name: string, text: string): SeenPlace => {
  const place = readSeenPlace(text);
  if (place !== undefined) return place;
  throw new DomainError('invalid', 'cursor.invalid', `${name} must be a place in the history like 4711 or 4711.3`);
};
