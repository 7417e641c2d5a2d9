import type { SQLOutputValue } from 'node:sqlite';
import { formatTimestamp, parseTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { pickFields, pickInside, projectKeys, type WantedFields } from '#contracts/iceprod/keys.js';
import { elementsOf, kindOf, membersOf, mergeFields, objectText } from '#contracts/raw-json.js';
import { type RowField, RowDocuments } from '#event-sourcing/row-documents.js';
import { fieldOfRow, fieldOfUnit, type UnitField } from '../../engine/unit-fields.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { Unit } from '../../engine/unit.js';

/** The fields of a task in the order in which documents show them (contract 7.1). */
const TASK_FIELDS: readonly UnitField[] = [
  { name: 'task_id', attribute: 'id' },
  { name: 'dataset_id', attribute: 'workload' },
  { name: 'job_id', attribute: 'group' },
  { name: 'name', attribute: 'name' },
  { name: 'task_index', attribute: 'index' },
  { name: 'job_index', attribute: 'groupIndex' },
  { name: 'depends', attribute: 'depends' },
  { name: 'requirements', attribute: 'requirements' },
  { name: 'status', attribute: 'status' },
  { name: 'site', attribute: 'site' },
  { name: 'priority', attribute: 'priority' },
  { name: 'instance_id', attribute: 'leaseId' },
  { name: 'failures', attribute: 'failures' },
  { name: 'evictions', attribute: 'evictions' },
  { name: 'walltime', attribute: 'walltimeHours' },
  { name: 'walltime_err', attribute: 'walltimeErrHours' },
  { name: 'walltime_err_n', attribute: 'walltimeErrCount' },
  { name: 'status_changed', attribute: 'changedMicros', form: (micros) => `"${formatTimestamp(Number(micros))}"` },
];

/** Joins the members of two objects. */
const joined = (first: string, second: string): string => {
  if (first === '{}') return second;
  return second === '{}' ? first : `${first.slice(0, -1)},${second.slice(1)}`;
};

/** The document of a task as raw JSON. Additional fields of clients come last. */
export const taskDocument = (unit: Unit): string => {
  let text = '';
  for (const field of TASK_FIELDS) text += `,"${field.name}":${fieldOfUnit(field, unit)}`;
  return joined(`{${text.slice(1)}}`, unit.extra ?? '{}');
};

/** The document with the wanted fields only. */
export const pickTask = (unit: Unit, wanted: WantedFields | undefined): string => {
  if (wanted === undefined) return taskDocument(unit);
  const members = new Map<string, string>();
  for (const field of TASK_FIELDS) if (wanted.has(field.name)) members.set(field.name, fieldOfUnit(field, unit));
  if (unit.extra !== undefined) for (const [name, raw] of membersOf(unit.extra)) members.set(name, raw);
  return pickFields(members, wanted);
};

const wantedField = (field: RowField, wish: 'whole' | WantedFields): RowField => {
  if (wish === 'whole') return field;
  const text = (value: SQLOutputValue): string | undefined => pickInside(field.text(value) ?? 'null', wish);
  return { ...field, text };
};

/** Documents as {@link pickTask} makes them, straight from rows. */
export const taskDocuments = (reader: UnitReader, wanted: WantedFields | undefined): RowDocuments => {
  const fields = TASK_FIELDS.flatMap((field): readonly RowField[] => {
    const wish = wanted === undefined ? 'whole' : wanted.get(field.name);
    return wish === undefined ? [] : [wantedField(fieldOfRow(field, reader), wish)];
  });
  return new RowDocuments(fields, 'extra', (document, extra) => joined(document, projectKeys(extra, wanted)));
};

/** Half a surrogate pair is no text: a name, site or id with one could not be stored as it is. */
const textField = (raw: string): string | undefined => {
  const value = kindOf(raw) === 'string' ? (JSON.parse(raw) as string) : undefined;
  return value?.isWellFormed() === true ? value : undefined;
};

const numberField = (raw: string): number | undefined => {
  const value = kindOf(raw) === 'number' ? Number(raw) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};

const integerField = (raw: string): number | undefined => {
  const value = numberField(raw);
  return Number.isSafeInteger(value) ? value : undefined;
};

const countField = (raw: string): number | undefined => {
  const value = integerField(raw);
  return value !== undefined && value >= 0 ? value : undefined;
};

const timestampField = (raw: string): number | undefined => parseTimestamp(textField(raw) ?? '');

type Fields = { -readonly [Field in keyof Unit]?: Unit[Field] };

const arrayField = (raw: string): string | undefined => (kindOf(raw) === 'array' ? raw : undefined);
const objectField = (raw: string): string | undefined => (kindOf(raw) === 'object' ? raw : undefined);

/** How each field of a document is read into the unit. Undefined when the value has the wrong type. */
const FIELDS: ReadonlyMap<string, (raw: string) => Fields | undefined> = new Map(
  Object.entries({
    dataset_id: into('workload', textField),
    job_id: into('group', textField),
    name: into('name', textField),
    task_index: into('index', integerField),
    job_index: into('groupIndex', integerField),
    depends: into('depends', arrayField),
    requirements: into('requirements', objectField),
    status: into('status', textField),
    site: into('site', textField),
    priority: into('priority', numberField),
    instance_id: into('leaseId', textField),
    failures: into('failures', countField),
    evictions: into('evictions', countField),
    walltime: into('walltimeHours', numberField),
    walltime_err: into('walltimeErrHours', numberField),
    walltime_err_n: into('walltimeErrCount', countField),
    status_changed: into('changedMicros', timestampField),
  }),
);

function into<Field extends keyof Unit>(field: Field, read: (raw: string) => Unit[Field] | undefined) {
  return (raw: string): Fields | undefined => {
    const value = read(raw);
    return value === undefined ? undefined : { [field]: value };
  };
}

/**
 * The unit with fields of its document overwritten (PATCH of contract 7.4): any field, dotted names set nested ones.
 * Refuses values of a wrong type, and another id.
 *
 * @param fields raw JSON of an object
 */
export const amendTask = (unit: Unit, fields: string, timeMicros: number): Unit | DomainError => {
  const merged = mergeFields(taskDocument(unit), fields);
  if (typeof merged !== 'string') return merged;
  const taken: Fields = {};
  const extra = new Map<string, string>();
  for (const [name, raw] of membersOf(merged)) {
    const read = FIELDS.get(name);
    const value = name === 'task_id' ? (textField(raw) === unit.id ? {} : undefined) : read?.(raw);
    if (value !== undefined) Object.assign(taken, value);
    else if (read === undefined && name !== 'task_id') extra.set(name, raw);
    else return new DomainError('invalid', 'task.bad-field', `invalid value for ${name}`);
  }
  const after: Unit = { ...unit, ...taken, extra: extra.size === 0 ? undefined : objectText(extra) };
  // A new status gets the current time, unless the client sets one.
  const timed = after.status === unit.status || membersOf(fields).has('status_changed');
  return timed ? after : { ...after, changedMicros: timeMicros };
};

/** The strings in a `depends` document, each once. */
export const dependsOn = (depends: string): readonly string[] => {
  if (depends === '[]' || kindOf(depends) !== 'array') return [];
  return [...new Set(elementsOf(depends).flatMap((raw) => textField(raw) ?? []))];
};
