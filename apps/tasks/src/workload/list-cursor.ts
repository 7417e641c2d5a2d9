import { ordinalOfKey, workloadOfKey } from './member-key.js';
import type { WorkloadId } from './workloads.js';

/**
 * The position after a member (unit or group) in the list of a workload: first members at home by ordinal, then moved members by
 * id. It contains no workload id, because these differ between read models.
 */
export type ListCursor =
  { readonly at: 'home'; readonly ordinal: number } | { readonly at: 'elsewhere'; readonly id: string };

/** The start of the list. */
export const LIST_START: ListCursor = { at: 'home', ordinal: -1 };

/** The cursor after a member. */
export const cursorAfter = ({
  key,
  listing,
  id,
}: {
  readonly key: number;
  readonly listing: WorkloadId;
  readonly id: string;
}): ListCursor =>
  workloadOfKey(key) === listing ? { at: 'home', ordinal: ordinalOfKey(key) } : { at: 'elsewhere', id };

export const cursorText = (cursor: ListCursor): string =>
  cursor.at === 'home' ? `h${cursor.ordinal}` : `e${cursor.id}`;

/** Parses the result of {@link cursorText}. An absent text is the start of the list. */
export const readCursor = (text: string | undefined): ListCursor => {
  if (text === undefined || text === '') return LIST_START;
  return text.startsWith('e') ? { at: 'elsewhere', id: text.slice(1) } : { at: 'home', ordinal: Number(text.slice(1)) };
};

/** Whether a text may be a result of {@link cursorText}. */
export const isCursor = (text: string): boolean => /^(?:h\d{1,10}|e[^]*)$/.test(text);
