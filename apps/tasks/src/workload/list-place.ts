import { ordinalOfKey, workloadOfKey } from './member-key.js';
import type { WorkloadId } from './workloads.js';

/**
 * What a walk over the members that a workload lists (tasks, jobs) has left behind it: those at home by ordinal, then those
 * moved to it by id. Never by the workloads' integers, which differ from one read model to the next.
 */
export type Place =
  { readonly at: 'home'; readonly ordinal: number } | { readonly at: 'elsewhere'; readonly id: string };

/** Before all members. */
export const START_PLACE: Place = { at: 'home', ordinal: -1 };

/** Behind a member. */
export const placeOf = ({
  key,
  listing,
  id,
}: {
  readonly key: number;
  readonly listing: WorkloadId;
  readonly id: string;
}): Place => (workloadOfKey(key) === listing ? { at: 'home', ordinal: ordinalOfKey(key) } : { at: 'elsewhere', id });

export const placeText = (place: Place): string => (place.at === 'home' ? `h${place.ordinal}` : `e${place.id}`);

/** Reads what {@link placeText} wrote; nothing is the start. */
export const readPlace = (text: string | undefined): Place => {
  if (text === undefined || text === '') return START_PLACE;
  return text.startsWith('e') ? { at: 'elsewhere', id: text.slice(1) } : { at: 'home', ordinal: Number(text.slice(1)) };
};

/** Whether a text is one that {@link placeText} may have made. */
export const isPlace = (text: string): boolean => /^(?:h\d{1,10}|e[^]*)$/.test(text);
