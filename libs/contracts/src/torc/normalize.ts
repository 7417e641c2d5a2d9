import { DomainError } from '#platform/domain-error.js';
import { isObject, type JsonMembers } from '#platform/json-object.js';
import { elementsOf, kindOf, membersOf, objectText } from '../raw-json.js';
import type { FieldRule, Fields, FieldType } from './collections.js';
import { isLegalKey } from './ids.js';
import { badRequest, illegalKey } from './refusals.js';
import { durationSeconds, memoryBytes } from './values.js';

/** `put`: fields that are required on POST may be absent. In nested objects they may not, as those are replaced whole. */
export type WriteMode = 'post' | 'put';

/** What a body says about its identity, besides its fields. Nobody has compared it with anything yet. */
export interface BodyIdentity {
  readonly key?: string;
  readonly id?: string;
  readonly rev?: string;
}

/** A document whose fields have been checked. */
export interface NormalizedDocument extends BodyIdentity {
  /** Raw JSON without `_key`, `_id`, `_rev` and `_oldRev`: fields in the order sent, then defaults. */
  readonly document: string;
}

interface NormalizedMembers extends BodyIdentity {
  readonly members: ReadonlyMap<string, string>;
}

/** Names in messages are not longer: a client chose them. */
const NAME_CHARACTERS_MAX = 100;

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

const refused = (path: string, expected: string): DomainError =>
  badRequest(`${path.slice(0, NAME_CHARACTERS_MAX)} must be ${expected}`);

/** What a field must be, as the end of a sentence. */
const expectationOf = (type: FieldType): string => {
  switch (type) {
    case 'string':
      return 'a string that is not empty';
    case 'integer':
      return 'an integer';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'memory':
      return 'an amount of memory such as "8g"';
    case 'duration':
      return 'an ISO 8601 duration without years and months, such as "P0DT1H"';
    case 'object':
      return 'an object';
    case 'list':
      return 'a list';
    default:
      if ('oneOf' in type) return `one of ${type.oneOf.join(', ')}`;
      return 'members' in type ? 'an object' : 'a list';
  }
};

/** The end of a sentence that tells in which range a number must be. */
const rangeOf = ({ minimum, maximum }: FieldRule): string => {
  if (maximum === undefined) return minimum === undefined ? '' : ` of at least ${minimum}`;
  return minimum === undefined ? ` of at most ${maximum}` : ` from ${minimum} to ${maximum}`;
};

const isInRange = ({ minimum = -Infinity, maximum = Infinity }: FieldRule, value: number): boolean =>
  minimum <= value && value <= maximum;

/** The text of a number, which may be sent as a string; undefined when it is none, or too large for a double. */
const numberText = (raw: string): string | undefined => {
  const text = kindOf(raw) === 'string' ? (JSON.parse(raw) as string).trim() : raw;
  return JSON_NUMBER.test(text) && Number.isFinite(Number(text)) ? text : undefined;
};

const integerText = (raw: string): string | undefined => {
  if (PLAIN_INTEGER.test(raw)) return raw;
  const text = numberText(raw);
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value.toFixed(0).replace(/^-0$/, '0') : undefined;
};

const booleanText = (raw: string): string | undefined => {
  if (raw === 'true' || raw === 'false') return raw;
  if (kindOf(raw) !== 'string') return undefined;
  const text = (JSON.parse(raw) as string).toLowerCase();
  return text === 'true' || text === 'false' ? text : undefined;
};

/** The text itself if it is a string that passes. */
const stringText = (raw: string, passes: (value: string) => boolean): string | undefined =>
  kindOf(raw) === 'string' && passes(JSON.parse(raw) as string) ? raw : undefined;

const listText = (element: FieldType, raw: string, path: string): string | DomainError => {
  const elements: string[] = [];
  for (const [at, one] of elementsOf(raw).entries()) {
    const text = fieldText({ type: element }, one, `${path}[${at}]`);
    if (text instanceof DomainError) return text;
    elements.push(text);
  }
  return `[${elements.join(',')}]`;
};

/** Undefined when the value is not of the type. */
const typedText = (
  type: FieldType,
  mayBeEmpty: boolean,
  raw: string,
  path: string,
): string | DomainError | undefined => {
  switch (type) {
    case 'string':
      return kindOf(raw) === 'string' && (raw !== '""' || mayBeEmpty) ? raw : undefined;
    case 'integer':
      return integerText(raw);
    case 'number':
      return numberText(raw);
    case 'boolean':
      return booleanText(raw);
    case 'memory':
      return stringText(raw, (text) => memoryBytes(text) !== undefined);
    case 'duration':
      return stringText(raw, (text) => durationSeconds(text) !== undefined);
    case 'object':
      return kindOf(raw) === 'object' ? raw : undefined;
    case 'list':
      return kindOf(raw) === 'array' ? raw : undefined;
    default:
      if ('oneOf' in type) return stringText(raw, (text) => type.oneOf.includes(text));
      if ('listOf' in type) return kindOf(raw) === 'array' ? listText(type.listOf, raw, path) : undefined;
      return kindOf(raw) === 'object' ? membersText(type.members, raw, path) : undefined;
  }
};

/**
 * The raw JSON to store for the value of a field. Strings that are numbers or booleans become them, where those are expected;
 * integers lose a decimal point; everything else is kept as it is written.
 *
 * @param path names the field in the refusal
 */
const fieldText = (rule: FieldRule, raw: string, path: string): string | DomainError => {
  if (raw === 'null') {
    if (rule.nullable !== true) return refused(path, expectationOf(rule.type));
    return rule.isNullDefault === true ? defaultText(rule) : raw;
  }
  const text = typedText(rule.type, rule.mayBeEmpty === true, raw, path);
  const isOutOfRange =
    typeof text === 'string' && (rule.type === 'integer' || rule.type === 'number') && !isInRange(rule, Number(text));
  if (text !== undefined && !isOutOfRange) return text;
  return refused(path, expectationOf(rule.type) + rangeOf(rule));
};

const defaultText = ({ type, default: value }: FieldRule): string => {
  const text = JSON.stringify(value);
  if (typeof type === 'string' || !('members' in type)) return text;
  const filled = membersText(type.members, text, '');
  if (filled instanceof DomainError) throw filled;
  return filled;
};

interface PreparedFields {
  readonly rules: ReadonlyMap<string, FieldRule>;
  readonly required: readonly string[];
  readonly defaults: readonly (readonly [name: string, raw: string])[];
  readonly plainDefaults: readonly (readonly [name: string, value: unknown])[];
}

const prepared = new WeakMap<Fields, PreparedFields>();

const prepare = (fields: Fields): PreparedFields => {
  const known = prepared.get(fields);
  if (known !== undefined) return known;
  const rules = Object.entries(fields);
  const defaults = rules
    .filter(([, rule]) => rule.default !== undefined)
    .map(([name, rule]) => [name, defaultText(rule)] as const);
  const made = {
    rules: new Map(rules),
    required: rules.filter(([, { required }]) => required === true).map(([name]) => name),
    defaults,
    plainDefaults: defaults.map(([name, raw]) => [name, JSON.parse(raw) as unknown] as const),
  };
  prepared.set(fields, made);
  return made;
};

/** Whether a value is stored as it is. Numbers and free data are not: of them, only the text tells what they are. */
const isPlain = (rule: FieldRule, value: unknown): boolean => {
  const { type, mayBeEmpty } = rule;
  switch (type) {
    case 'string':
      return typeof value === 'string' && (value !== '' || mayBeEmpty === true);
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value) && isInRange(rule, value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'memory':
      return typeof value === 'string' && memoryBytes(value) !== undefined;
    case 'duration':
      return typeof value === 'string' && durationSeconds(value) !== undefined;
    case 'number':
    case 'object':
    case 'list':
      return false;
    default:
      if ('oneOf' in type) return typeof value === 'string' && type.oneOf.includes(value);
      return (
        'listOf' in type && Array.isArray(value) && value.every((element) => isPlain({ type: type.listOf }, element))
      );
  }
};

const isRecord: (value: unknown) => value is Record<string, unknown> = isObject;

/**
 * The members that {@link normalize} would find in the text of this value on POST, if that needs no look at the text: much faster.
 * Defaults are added to the value itself. Undefined when the text is needed, and when the value would be refused.
 */
export const plainMembers = (fields: Fields, value: unknown): JsonMembers | undefined => {
  if (!isRecord(value)) return undefined;
  const { rules, required, plainDefaults } = prepare(fields);
  for (const name of Object.keys(value)) {
    const rule = rules.get(name);
    if (rule === undefined || !isPlain(rule, value[name])) return undefined;
  }
  for (const name of required) if (!Object.hasOwn(value, name)) return undefined;
  for (const [name, filled] of plainDefaults) if (!Object.hasOwn(value, name)) value[name] = filled;
  return value;
};

/** Checks the members of an object in place, and fills in defaults. */
const check = (
  fields: Fields,
  members: Map<string, string>,
  path: string,
  mode: WriteMode,
): DomainError | undefined => {
  const { rules, required, defaults } = prepare(fields);
  for (const [name, raw] of members) {
    const rule = rules.get(name);
    if (rule === undefined) return badRequest(`${`${path}${name}`.slice(0, NAME_CHARACTERS_MAX)} is not a known field`);
    const text = fieldText(rule, raw, `${path}${name}`);
    if (text instanceof DomainError) return text;
    if (text !== raw) members.set(name, text);
  }
  if (mode === 'post') {
    for (const name of required) {
      const type = rules.get(name)?.type ?? 'string';
      if (!members.has(name)) return badRequest(`${path}${name} is missing: it must be ${expectationOf(type)}`);
    }
  }
  for (const [name, raw] of defaults) if (!members.has(name)) members.set(name, raw);
  return undefined;
};

const membersText = (fields: Fields, raw: string, path: string): string | DomainError => {
  const members = membersOf(raw);
  return check(fields, members, path === '' ? '' : `${path}.`, 'post') ?? objectText(members);
};

const textOf = (raw: string | undefined): string | undefined =>
  raw !== undefined && kindOf(raw) === 'string' ? (JSON.parse(raw) as string) : undefined;

/** Takes `_key`, `_id`, `_rev` and `_oldRev` out of a document. */
const takeIdentity = (members: Map<string, string>): BodyIdentity | DomainError => {
  const [rawKey, rawId, rawRev] = [members.get('_key'), members.get('_id'), members.get('_rev')];
  const [key, id, rev] = [textOf(rawKey), textOf(rawId), textOf(rawRev)];
  if (rawKey !== undefined && (key === undefined || !isLegalKey(key))) return illegalKey(rawKey);
  if (rawId !== undefined && id === undefined) return refused('_id', 'a string');
  if (rawRev !== undefined && rev === undefined) return refused('_rev', 'a string');
  for (const name of ['_key', '_id', '_rev', '_oldRev']) members.delete(name);
  return {
    ...(key === undefined ? {} : { key }),
    ...(id === undefined ? {} : { id }),
    ...(rev === undefined ? {} : { rev }),
  };
};

const membersOfBody = (body: string): Map<string, string> | DomainError =>
  kindOf(body) === 'object' ? membersOf(body) : badRequest('a JSON object is expected');

/**
 * Checks a body by the rules of its fields (Torc contract 1.8) and fills in defaults; refuses with the name of the first field that
 * is not as expected (400).
 *
 * @param body valid JSON: what `JSON.parse` has accepted
 */
export const normalizeMembers = (fields: Fields, body: string, mode: WriteMode): NormalizedMembers | DomainError => {
  const members = membersOfBody(body);
  if (members instanceof DomainError) return members;
  const identity = takeIdentity(members);
  if (identity instanceof DomainError) return identity;
  return check(fields, members, '', mode) ?? { members, ...identity };
};

/** As {@link normalizeMembers}, with the document in one piece. */
export const normalize = (fields: Fields, body: string, mode: WriteMode): NormalizedDocument | DomainError => {
  const normalized = normalizeMembers(fields, body, mode);
  if (normalized instanceof DomainError) return normalized;
  const { members, ...identity } = normalized;
  return { document: objectText(members), ...identity };
};

/** A document of a collection that is open: every field is accepted. */
export const normalizeOpen = (body: string): NormalizedDocument | DomainError => {
  const members = membersOfBody(body);
  if (members instanceof DomainError) return members;
  const identity = takeIdentity(members);
  return identity instanceof DomainError ? identity : { document: objectText(members), ...identity };
};
