import { DomainError } from '#platform/domain-error.js';
import { type ListOptions, readAfterPlace } from '#contracts/iceprod/lists.js';

/** Where an answer to a list in order of creation begins, and how long it is. */
export interface ListStart {
  /** Entries that the answer may have; infinite without a limit. */
  readonly limit: number;
  /** The list begins behind this place; absent at the beginning. */
  readonly place: string | undefined;
}

/** What a client asks for: a whole list, or a part of it behind an earlier answer. */
export const listStart = (
  { limit = Infinity, after }: ListOptions,
  isPlace: (place: string) => boolean,
): ListStart | DomainError => {
  const place = after === undefined ? undefined : readAfterPlace(after, isPlace);
  return place instanceof DomainError ? place : { limit, place };
};
