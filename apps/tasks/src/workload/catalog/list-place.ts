import { DomainError } from '#platform/domain-error.js';
import type { Order, Place } from './catalog-walk.js';

/** Names a place without the workload's integer, which differs between read models. */
type Named = Omit<Place, 'workload'> & { readonly ref: string };

const badCursor = (): DomainError =>
  new DomainError('invalid', 'list.bad-cursor', 'cursor must be what an answer to this list gave as next');

/** The text of a cursor. */
export const cursorOf = ({ by, descending }: Order, { value, createdMicros, ref }: Named): string =>
  Buffer.from(JSON.stringify([by, descending, value, createdMicros, ref])).toString('base64url');

/** Reads what {@link cursorOf} wrote for the same order. */
export const placeOf = (text: string, { by, descending }: Order): Named | DomainError => {
  const [order, direction, value, createdMicros, ref, ...rest] = elementsIn(text);
  const isGood =
    order === by &&
    direction === descending &&
    typeof value === (by === 'status' ? 'string' : 'number') &&
    typeof createdMicros === 'number' &&
    typeof ref === 'string' &&
    rest.length === 0;
  return isGood ? { value: value as number | string, createdMicros, ref } : badCursor();
};

const elementsIn = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
};
