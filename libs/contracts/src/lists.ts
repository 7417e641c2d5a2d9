import type { Page } from '#bus/contract.js';
import type { Position } from '#ledger/ledger.js';
import { DomainError } from '#platform/domain-error.js';

/** Largest limit of a list, in documents. */
export const LIST_LIMIT_MAX = 10_000;

/**
 * The start of the changes that a client asks for: a time (inclusive) in microseconds since the Unix epoch, or the position in the
 * ledger that an earlier answer named. Clocks may be set back, positions never fall.
 */
export type ChangedSince = { readonly micros: number } | { readonly position: Position };

export interface SortField {
  readonly field: string;
  readonly descending: boolean;
}

/**
 * How a client may ask for a list of documents, besides filters. Without these options a list is whole and in order of creation.
 */
export interface ListOptions {
  /** Entries that are equal in all these fields are in order of their ids. */
  readonly sort?: readonly SortField[];
  readonly limit?: number;
  /** Continues an earlier answer: its `after`. */
  readonly after?: string;
  /** Only documents that an event has concerned since then. */
  readonly changed_since?: ChangedSince;
  readonly cursor?: string;
}

/** A page of a list. */
export interface ListPage extends Page {
  /** With a limit: `after` of the request that continues behind this page. Absent when nothing follows. */
  readonly after?: string;
  /** The answer shows everything up to this position of the ledger. */
  readonly position?: Position;
}

/** A sorted list continues behind these values; among entries with equal values, behind this id. */
export interface SortedCursor {
  readonly values: readonly unknown[];
  readonly id: string;
}

const sortText = (sort: readonly SortField[]): string =>
  sort.map(({ field, descending }) => (descending ? `${field}=-1` : field)).join('|');

/** The text of a cursor with some values. */
export const cursorWith = (value: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** The refusal of a `cursor` that is none of a list's `next`. */
export const badCursor = (): DomainError =>
  new DomainError('invalid', 'list.bad-cursor', 'cursor must be what an answer to this list gave as next');

const badAfter = (): DomainError =>
  new DomainError('invalid', 'list.bad-after', 'after is not what an answer to this list gave');

/** The values of what {@link cursorWith} wrote; of any other text, others or none. */
export const valuesInCursor = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
};

/** `after` of a list in order of creation. */
export const afterCursor = (cursor: string): string => cursorWith([cursor]);

/** Reads what {@link afterCursor} wrote. */
export const readAfterCursor = (after: string, isCursor: (cursor: string) => boolean): string | DomainError => {
  const [cursor, ...rest] = valuesInCursor(after);
  return typeof cursor === 'string' && rest.length === 0 && isCursor(cursor) ? cursor : badAfter();
};

/** `after` of a sorted list. It holds values, not an offset, so that it stays valid while the list changes. */
export const afterSorted = (sort: readonly SortField[], { values, id }: SortedCursor): string =>
  cursorWith([sortText(sort), values, id]);

const isValue = (value: unknown): boolean => value === null || typeof value === 'string' || typeof value === 'number';

/** Reads what {@link afterSorted} wrote for the same order. */
export const readAfterSorted = (after: string, sort: readonly SortField[]): SortedCursor | DomainError => {
  const [order, values, id, ...rest] = valuesInCursor(after);
  const isGood =
    order === sortText(sort) &&
    Array.isArray(values) &&
    values.length === sort.length &&
    values.every(isValue) &&
    typeof id === 'string' &&
    rest.length === 0;
  return isGood ? { values, id } : badAfter();
};
