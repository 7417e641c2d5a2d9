import type { SortField } from '#contracts/lists.js';
import { sortableValue } from '#event-sourcing/sorted-lists.js';
import { listingOf, type UnitReader, type UnitRow } from '../../engine/unit-row.js';
import { taskDocument } from './document.js';

type Read = (row: UnitRow, reader: UnitReader) => unknown;

/** Fields read from columns, so that even a million tasks can be sorted by them. */
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
  ['job_id', (row, reader) => reader.words.group.wordOf(row.grp ?? 0)],
  ['instance_id', (row) => row.lease_id ?? ''],
  ['dataset_id', (row, reader) => reader.workloads.nameOf(listingOf(row))],
]);

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined,
    value,
  );

/** Reads nested fields of a task. Each document is parsed once. */
class NestedValues {
  private requirements: unknown;
  private document: unknown;

  constructor(
    private readonly reader: UnitReader,
    private readonly row: UnitRow,
  ) {}

  valueOf(field: string): unknown {
    const [head = '', ...rest] = field.split('.');
    if (head === 'requirements') {
      this.requirements ??= JSON.parse(this.reader.words.requirements.wordOf(this.row.requirements));
      return valueAt(this.requirements, rest);
    }
    this.document ??= JSON.parse(taskDocument(this.reader.unitOf(this.row)));
    return valueAt(this.document, [head, ...rest]);
  }
}

/** The values by which a task is sorted. */
export const valuesOf = (reader: UnitReader, row: UnitRow, sort: readonly SortField[]): readonly unknown[] => {
  const nested = new NestedValues(reader, row);
  const values: unknown[] = [];
  for (const { field } of sort) {
    const read = COLUMNS.get(field);
    values.push(sortableValue(read === undefined ? nested.valueOf(field) : read(row, reader)));
  }
  return values;
};
