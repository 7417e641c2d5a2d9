import { ordinalOfKey, workloadOfKey } from './member-key.js';
import type { WorkloadId } from './workloads.js';

/**
 * What a walk over the members that a workload lists (tasks, jobs) has left behind it: those at home by ordinal, then those
 * moved to it by id. Never by the workloads' integers, which differ from one read model to the next.
 */
export type ListCursor =
  { readonly at: 'home'; readonly ordinal: number } | { readonly at: 'elsewhere'; readonly id: string };

/** Before all members. */
export const LIST_START: ListCursor = { at: 'home', ordinal: -1 };

/** Behind a member. */
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

/** Reads what {@link cursorText} wrote; nothing is the start. */
export const readCursor = (text: string | undefined): ListCursor => {
  if (text === undefined || text === '') return LIST_START;
  return text.startsWith('e') ? { at: 'elsewhere', id: text.slice(1) } : { at: 'home', ordinal: Number(text.slice(1)) };
};

/** Whether a text is one that {@link cursorText} may have made. */
export const isCursor = (text: string): boolean => /^(?:h\d{1,10}|e[^]*)$/.test(text);
