import type { Page } from '#bus/contract.js';
import type { Position } from '#ledger/ledger.js';
import { DomainError } from '#platform/domain-error.js';

/** Documents that one answer of a limited list may hold. */
export const LIST_LIMIT_MAX = 10_000;

/**
 * From when on changes are asked for: a time, then included, in microseconds since the Unix epoch; or what an earlier answer showed, by
 * its position in the ledger. Clocks may be set back, positions never fall.
 */
export type ChangedSince = { readonly micros: number } | { readonly position: Position };

export interface SortField {
  readonly field: string;
  readonly descending: boolean;
}

/**
 * What may be asked of a list of documents beside its filters. IceProd's own clients know none of it: without it a list is
 * whole and in order of creation.
 */
export interface ListOptions {
  /** What is equal in all fields stands in the order of ids. */
  readonly sort?: readonly SortField[];
  readonly limit?: number;
  /** Where to go on behind an earlier answer, as that one said. */
  readonly after?: string;
  /** Only what an event has concerned since. */
  readonly changed_since?: ChangedSince;
  readonly cursor?: string;
}

/** A page of a list. */
export interface ListPage extends Page {
  /** With a limit: where the list goes on behind this page. Absent when nothing follows. */
  readonly after?: string;
  /** The answer shows everything up to this position of the ledger. */
  readonly position?: Position;
}

/** Fields by which lists are sorted. */
export const DATASET_SORT_FIELDS = [
  'dataset',
  'dataset_id',
  'group',
  'jobs_submitted',
  'priority',
  'start_date',
  'status',
  'tasks_per_job',
  'tasks_submitted',
  'username',
] as const;
export const JOB_SORT_FIELDS = ['job_id', 'job_index', 'status', 'status_changed'] as const;
export const TASK_SORT_FIELDS = [
  'evictions',
  'failures',
  'instance_id',
  'job_id',
  'job_index',
  'name',
  'priority',
  'site',
  'status',
  'status_changed',
  'task_id',
  'task_index',
  'walltime',
  'walltime_err',
  'walltime_err_n',
] as const;

/** Where a sorted list goes on: behind these values, and among what equals them behind this id. */
export interface SortedCursor {
  readonly values: readonly unknown[];
  readonly id: string;
}

const sortText = (sort: readonly SortField[]): string =>
  sort.map(({ field, descending }) => (descending ? `${field}=-1` : field)).join('|');

const encoded = (value: readonly unknown[]): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const badAfter = (): DomainError =>
  new DomainError('invalid', 'list.bad-after', 'after is not what an answer to this list gave');

const decoded = (text: string): readonly unknown[] => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
};

/** `after` of a list in order of creation. */
export const afterCursor = (cursor: string): string => encoded([cursor]);

/** Reads what {@link afterCursor} wrote. */
export const readAfterCursor = (after: string, isCursor: (cursor: string) => boolean): string | DomainError => {
  const [cursor, ...rest] = decoded(after);
  return typeof cursor === 'string' && rest.length === 0 && isCursor(cursor) ? cursor : badAfter();
};

/** `after` of a sorted list: it holds values, not a position, so that it stays true while the list changes. */
export const afterSorted = (sort: readonly SortField[], { values, id }: SortedCursor): string =>
  encoded([sortText(sort), values, id]);

const isValue = (value: unknown): boolean => value === null || typeof value === 'string' || typeof value === 'number';

/** Reads what {@link afterSorted} wrote for the same order. */
export const readAfterSorted = (after: string, sort: readonly SortField[]): SortedCursor | DomainError => {
  const [order, values, id, ...rest] = decoded(after);
  const isGood =
    order === sortText(sort) &&
    Array.isArray(values) &&
    values.length === sort.length &&
    values.every(isValue) &&
    typeof id === 'string' &&
    rest.length === 0;
  return isGood ? { values, id } : badAfter();
};
