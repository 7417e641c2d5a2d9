import { listingOf, type UnitReader, type UnitRow } from '../engine/unit-row.js';
import { taskDocument } from './document.js';

export interface SortField {
  readonly field: string;
  readonly descending: boolean;
}

type Read = (row: UnitRow, reader: UnitReader) => unknown;

/** Fields that need no document: a million tasks can be sorted by them. */
const COLUMNS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['priority', (row) => row.priority],
  ['status_changed', (row) => row.changed],
  ['task_index', (row) => row.idx],
  ['job_index', (row) => row.group_index],
  ['failures', (row) => row.failures],
  ['evictions', (row) => row.evictions],
  ['walltime', (row) => row.walltime],
  ['walltime_err', (row) => row.walltime_err],
  ['walltime_err_n', (row) => row.walltime_err_n],
  ['task_id', (row) => row.id],
  ['name', (row, reader) => reader.words.name.wordOf(row.name)],
  ['site', (row, reader) => reader.words.site.wordOf(row.site)],
  ['status', (row, reader) => reader.words.status.wordOf(row.status)],
  ['job_id', (row, reader) => reader.words.group.wordOf(row.grp)],
  ['instance_id', (row) => row.instance ?? ''],
  ['dataset_id', (row, reader) => reader.workloads.nameOf(listingOf(row))],
]);

const inside = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined,
    value,
  );

/** The value by which a task is sorted; dotted fields lead into its document. */
export const sortValueOf = (reader: UnitReader, row: UnitRow, field: string): unknown => {
  const read = COLUMNS.get(field);
  if (read !== undefined) return read(row, reader);
  const path = field.split('.');
  const [head, ...rest] = path;
  if (head === 'requirements') return inside(JSON.parse(reader.words.requirements.wordOf(row.requirements)), rest);
  return inside(JSON.parse(taskDocument(reader.unitOf(row))), path);
};

/** What is missing comes first, then numbers, then texts, then the rest. */
const rankOf = (value: unknown): number => {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return 1;
  return typeof value === 'string' ? 2 : 3;
};

const compareValues = (a: unknown, b: unknown): number => {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [textA, textB] = [a, b].map((value) => (typeof value === 'string' ? value : JSON.stringify(value) || ''));
  return (textA ?? '') < (textB ?? '') ? -1 : textA === textB ? 0 : 1;
};

/** Orders by the fields one after the other; what is equal in all of them, by creation. */
export const comparing =
  (sort: readonly SortField[]) =>
  (a: { readonly id: string; readonly values: readonly unknown[] }, b: typeof a): number => {
    for (const [at, { descending }] of sort.entries()) {
      const order = compareValues(a.values[at], b.values[at]);
      if (order !== 0) return descending ? -order : order;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
