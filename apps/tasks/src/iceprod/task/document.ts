import { formatTimestamp, parseTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { pickFields, type WantedFields } from '#contracts/iceprod/keys.js';
import { elementsOf, kindOf, membersOf, mergeFields, objectText } from '#contracts/raw-json.js';
import type { Unit } from '../../engine/unit.js';

/** The fields of a task in the order in which documents show them (contract 7.1), as raw JSON. */
const RENDER: readonly (readonly [name: string, render: (unit: Unit) => string])[] = [
  ['task_id', (unit) => JSON.stringify(unit.id)],
  ['dataset_id', (unit) => JSON.stringify(unit.workload)],
  ['job_id', (unit) => JSON.stringify(unit.group)],
  ['name', (unit) => JSON.stringify(unit.name)],
  ['task_index', (unit) => String(unit.index)],
  ['job_index', (unit) => String(unit.groupIndex)],
  ['depends', (unit) => unit.depends],
  ['requirements', (unit) => unit.requirements],
  ['status', (unit) => JSON.stringify(unit.status)],
  ['site', (unit) => JSON.stringify(unit.site)],
  ['priority', (unit) => String(unit.priority)],
  ['instance_id', (unit) => JSON.stringify(unit.leaseId)],
  ['failures', (unit) => String(unit.failures)],
  ['evictions', (unit) => String(unit.evictions)],
  ['walltime', (unit) => String(unit.walltimeHours)],
  ['walltime_err', (unit) => String(unit.walltimeErrHours)],
  ['walltime_err_n', (unit) => String(unit.walltimeErrCount)],
  ['status_changed', (unit) => `"${formatTimestamp(unit.changedMicros)}"`],
];

/** A task as IceProd shows it, as raw JSON; fields that clients made up come last. */
export const taskDocument = (unit: Unit): string => {
  let text = '';
  for (const [name, render] of RENDER) text += `,"${name}":${render(unit)}`;
  return unit.extra === undefined ? `{${text.slice(1)}}` : `{${text.slice(1)},${unit.extra.slice(1)}`;
};

/** The document cut to what a caller wants: nothing else is rendered. */
export const pickTask = (unit: Unit, wanted: WantedFields | undefined): string => {
  if (wanted === undefined) return taskDocument(unit);
  const members = new Map<string, string>();
  for (const [name, render] of RENDER) if (wanted.has(name)) members.set(name, render(unit));
  if (unit.extra !== undefined) for (const [name, raw] of membersOf(unit.extra)) members.set(name, raw);
  return pickFields(members, wanted);
};

const textField = (raw: string): string | undefined =>
  kindOf(raw) === 'string' ? (JSON.parse(raw) as string) : undefined;

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

/** How each field of a document goes into the unit; `undefined` when the value is not of the field's kind. */
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
 * Refused are values that the known fields cannot hold, and another id.
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
  // A new status has a new time, unless the client said which.
  const timed = after.status === unit.status || membersOf(fields).has('status_changed');
  return timed ? after : { ...after, changedMicros: timeMicros };
};

/** Ids in a `depends` document that can be ids, each once. */
export const dependsOn = (depends: string): readonly string[] => {
  if (depends === '[]' || kindOf(depends) !== 'array') return [];
  return [...new Set(elementsOf(depends).flatMap((raw) => textField(raw) ?? []))];
};
