import type { SQLOutputValue } from 'node:sqlite';
import type { RowField } from '#event-sourcing/row-documents.js';
import type { Unit } from './unit.js';
import { LISTING } from './tables.js';
import type { UnitReader } from './unit-row.js';
import type { Vocabulary } from './words.js';

/** What a unit's document may show. */
export type UnitAttribute = Exclude<keyof Unit, 'key' | 'extra'>;

/** A field of a dialect's document of a unit. */
export interface UnitField {
  readonly name: string;
  readonly attribute: UnitAttribute;
  /** Makes raw JSON of the value, where the dialect shows it in another form. */
  readonly form?: (value: SQLOutputValue) => string;
}

interface Column {
  readonly column: string;
  /** Converts the column's value to the attribute's, where they differ. */
  readonly read?: (value: SQLOutputValue, reader: UnitReader) => string;
  readonly isShared?: boolean;
}

const wordIn = (column: string, table: keyof Omit<Vocabulary, 'forget'>): Column => ({
  column,
  read: (value, { words }) => words[table].wordOf(Number(value)),
  isShared: true,
});

const optionalWordIn = (column: string, table: 'group' | 'label'): Column => ({
  column,
  read: (value, { words }) => (value === null ? '' : words[table].wordOf(Number(value))),
  isShared: true,
});

const COLUMNS: Readonly<Record<UnitAttribute, Column>> = {
  id: { column: 'id' },
  workload: { column: LISTING, read: (value, { workloads }) => workloads.nameOf(Number(value)), isShared: true },
  group: optionalWordIn('grp', 'group'),
  groupIndex: { column: 'group_index' },
  index: { column: 'idx' },
  name: wordIn('name', 'name'),
  depends: { column: 'depends', read: (value) => (typeof value === 'string' ? value : '[]') },
  requirements: wordIn('requirements', 'requirements'),
  status: wordIn('status', 'status'),
  outcome: { column: 'status', read: (value, { words }) => words.status.of(Number(value)).outcome, isShared: true },
  label: optionalWordIn('label', 'label'),
  priority: { column: 'priority' },
  leaseId: { column: 'lease_id', read: (value) => (typeof value === 'string' ? value : '') },
  holder: { column: 'holder', read: (value) => (typeof value === 'string' ? value : '') },
  site: wordIn('site', 'site'),
  changedMicros: { column: 'changed' },
  failures: { column: 'failures' },
  evictions: { column: 'evictions' },
  walltimeHours: { column: 'walltime' },
  walltimeErrHours: { column: 'walltime_err' },
  walltimeErrCount: { column: 'walltime_err_n' },
};

/** Attributes that are raw JSON already. */
const RAW: ReadonlySet<UnitAttribute> = new Set(['depends', 'requirements']);

const rawJson = ({ attribute, form }: UnitField, value: SQLOutputValue): string => {
  if (form !== undefined) return form(value);
  if (typeof value === 'string') return RAW.has(attribute) ? value : JSON.stringify(value);
  return String(value);
};

/** The field of a unit as raw JSON. */
export const fieldOfUnit = (field: UnitField, unit: Unit): string => rawJson(field, unit[field.attribute]);

/** The field as it is read from the unit's row. */
export const fieldOfRow = (field: UnitField, reader: UnitReader): RowField => {
  const { column, read, isShared = false } = COLUMNS[field.attribute];
  const text = (value: SQLOutputValue): string => rawJson(field, read === undefined ? value : read(value, reader));
  return { name: field.name, column, text, isShared };
};
