import { DomainError } from '#platform/domain-error.js';
import { type ListOptions, readAfterCursor } from '#contracts/lists.js';

/** Where an answer to a list in order of creation begins, and how long it is. */
export interface ListStart {
  /** Entries that the answer may have; infinite without a limit. */
  readonly limit: number;
  /** The list begins behind this cursor; absent at the beginning. */
  readonly cursor: string | undefined;
}

/** What a client asks for: a whole list, or a part of it behind an earlier answer. */
export const listStart = (
  { limit = Infinity, after }: ListOptions,
  isCursor: (cursor: string) => boolean,
): ListStart | DomainError => {
  const cursor = after === undefined ? undefined : readAfterCursor(after, isCursor);
  return cursor instanceof DomainError ? cursor : { limit, cursor };
};
