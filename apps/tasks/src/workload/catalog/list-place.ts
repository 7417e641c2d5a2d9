import type { DomainError } from '#platform/domain-error.js';
import { badCursor, cursorWith, valuesInCursor } from '#contracts/lists.js';
import type { Order, Place } from './catalog-walk.js';

/** Names a place without the workload's integer, which differs between read models. */
type Named = Omit<Place, 'workload'> & { readonly ref: string };

/** The text of a cursor. */
export const cursorOf = ({ by, descending }: Order, { value, createdMicros, ref }: Named): string =>
  cursorWith([by, descending, value, createdMicros, ref]);

/** Reads what {@link cursorOf} wrote for the same order. */
export const placeOf = (text: string, { by, descending }: Order): Named | DomainError => {
  const [order, direction, value, createdMicros, ref, ...rest] = valuesInCursor(text);
  const isGood =
    order === by &&
    direction === descending &&
    typeof value === (by === 'status' ? 'string' : 'number') &&
    typeof createdMicros === 'number' &&
    typeof ref === 'string' &&
    rest.length === 0;
  return isGood ? { value: value as number | string, createdMicros, ref } : badCursor();
};
