import { DomainError } from '#platform/domain-error.js';
import { type ListOptions, readAfterPlace } from '#contracts/iceprod/lists.js';

/** How far a list in order of creation has got. */
export interface ListProgress {
  /** Entries still wanted; infinite without a limit. At 0 it remains to be seen whether the list goes on. */
  readonly left: number;
  /** Behind it stands what is wanted; absent at the beginning. */
  readonly place: string | undefined;
}

const START: ListProgress = { left: Infinity, place: undefined };

/** Where the page before ended. */
export const readCursor = (cursor: string | undefined): ListProgress => {
  if (cursor === undefined) return START;
  const at = cursor.indexOf(':');
  return { left: Number(cursor.slice(0, at)), place: cursor.slice(at + 1) };
};

/** The cursor that {@link readCursor} reads. */
export const cursorAt = (left: number, place: string): string => `${left}:${place}`;

/** Where a page begins: where the page before ended, or where the client says. */
export const progressOf = (
  { cursor, limit = Infinity, after }: ListOptions,
  isPlace: (place: string) => boolean,
): ListProgress | DomainError => {
  if (cursor !== undefined) return readCursor(cursor);
  const place = after === undefined ? undefined : readAfterPlace(after, isPlace);
  return place instanceof DomainError ? place : { left: limit, place };
};
