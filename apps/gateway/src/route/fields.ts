import type { Field, Schema } from './field.js';
import type { JsonType } from './json-types.js';
import { invalid, type RequestSource } from './request-source.js';

/** Texts of errors; what is left out gets the general text of its kind. */
export interface Texts {
  readonly missing?: string;
  readonly bad?: string;
}

type Always<Value> = Field<Value, 'always'>;
type Maybe<Value> = Field<Value, 'maybe'>;

const badText = (name: string, { name: type }: JsonType<unknown>): string => `key "${name}" should be of type ${type}`;

const accepted = <Value>(
  source: RequestSource,
  name: string,
  type: JsonType<Value>,
  bad: string = badText(name, type),
): Value => {
  const value = type.accept(source.object[name], () => source.raw(name));
  if (value === undefined) throw invalid(bad);
  return value;
};

export const path = (description?: string): Always<string> => ({
  from: 'path',
  required: true,
  schema: { type: 'string' },
  ...(description !== undefined && { description }),
  read: (source, name) => source.path(name),
});

/** A last path parameter that may hold slashes, behind so many segments. */
export const restOfPath = (segments: number, description?: string): Always<string> => ({
  from: 'path',
  required: true,
  schema: { type: 'string' },
  ...(description !== undefined && { description }),
  read: (source) => source.rest(segments),
});

/** A value of the request message that the route itself determines. */
export const constant = <const Value>(value: Value): Always<Value> => ({
  from: 'constant',
  required: false,
  schema: {},
  read: () => value,
});

/** A member of the body that must be there. */
export const required = <Value>(type: JsonType<Value>, { missing, bad }: Texts = {}): Always<Value> => ({
  from: 'body',
  required: true,
  schema: type.schema,
  read: (source, name) => {
    if (source.object[name] === undefined) throw invalid(missing ?? `missing key: ${name}`);
    return accepted(source, name, type, bad);
  },
});

/** A member of the body that may be left out, but not be `null`. */
export const optional = <Value>(type: JsonType<Value>, { bad }: Texts = {}): Maybe<Value> => ({
  from: 'body',
  required: false,
  schema: type.schema,
  read: (source, name) => (source.object[name] === undefined ? undefined : accepted(source, name, type, bad)),
});

/** A member of the body that may be left out; `null`, as Python writes None, is the same. */
export const lenient = <Value>(type: JsonType<Value>, { bad }: Texts = {}): Maybe<Value> => ({
  from: 'body',
  required: false,
  schema: type.schema,
  read: (source, name) => ((source.object[name] ?? null) === null ? undefined : accepted(source, name, type, bad)),
});

/** As {@link lenient}, with a value for what is left out. */
export const defaulted = <Value>(type: JsonType<Value>, value: Value, { bad }: Texts = {}): Always<Value> => ({
  from: 'body',
  required: false,
  schema: { ...type.schema, ...(typeof value !== 'string' && { default: value }) },
  read: (source, name) => ((source.object[name] ?? null) === null ? value : accepted(source, name, type, bad)),
});

/** The whole body, an object, as it was sent. */
export const wholeBody = (schema: Schema = { type: 'object', additionalProperties: true }): Always<string> => ({
  from: 'whole body',
  required: true,
  schema,
  read: (source) => source.document,
});

/** The same field, for a document of users: `NaN` and the infinities count as `null`, in the named members only if there are names. */
export const freeForm = <Value, Presence extends 'always' | 'maybe'>(
  field: Field<Value, Presence>,
  members: true | readonly string[] = true,
): Field<Value, Presence> => ({ ...field, freeForm: members });

/** The same field, with a value for what is left out. */
export const orElse = <Value>(field: Field<Value, 'maybe'>, value: Value): Always<Value> => ({
  from: field.from,
  ...(field.name !== undefined && { name: field.name }),
  ...(field.description !== undefined && { description: field.description }),
  required: field.required,
  schema: { ...field.schema, default: value },
  read: (source, name) => field.read(source, name) ?? value,
});

const parameter = <Value>(
  name: string,
  schema: Schema,
  description: string,
  parse: (given: string) => Value | undefined,
): Maybe<Value> => ({
  from: 'query',
  name,
  required: false,
  schema,
  description,
  read: (source) => {
    const given = source.query(name);
    return given === undefined ? undefined : parse(given);
  },
});

export const textParameter = (name: string, description: string): Maybe<string> =>
  parameter(name, { type: 'string' }, description, (given) => given);

/** Words separated by `|`. */
export const listParameter = (name: string, description: string): Maybe<readonly string[]> =>
  parameter(name, { type: 'string' }, `${description}; separated by |`, (given) => given.split('|'));

/** As {@link listParameter}; empty parts do not count. */
export const keysParameter: Maybe<readonly string[]> = parameter(
  'keys',
  { type: 'string' },
  'fields to answer, dotted names for nested ones; separated by |',
  (given) => {
    const keys = given.split('|').filter((key) => key !== '');
    return keys.length === 0 ? undefined : keys;
  },
);

export const intParameter = (
  name: string,
  description: string,
  bad: string,
  min = -Infinity,
  max = Infinity,
): Maybe<number> => {
  const bounds = { ...(Number.isFinite(min) && { minimum: min }), ...(Number.isFinite(max) && { maximum: max }) };
  return parameter(name, { type: 'integer', ...bounds }, description, (given) => {
    const value = /^[+-]?\d+$/.test(given) ? Number(given) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) throw invalid(bad);
    return value;
  });
};

const TRUE = /^(y|yes|t|true|on|1)$/i;
const FALSE = /^(n|no|f|false|off|0)$/i;

/** A boolean as Python, people and forms write it. */
export const boolParameter = (name: string, description: string, bad: string): Maybe<boolean> =>
  parameter(name, { type: 'boolean' }, description, (given) => {
    if (TRUE.test(given)) return true;
    if (FALSE.test(given)) return false;
    throw invalid(bad);
  });

/** True for the words of truth, false for everything else. */
export const flagParameter = (name: string, description: string): Always<boolean> => ({
  from: 'query',
  name,
  required: false,
  schema: { type: 'boolean', default: false },
  description,
  read: (source) => /^(true|t|1|yes|y)$/i.test(source.query(name) ?? ''),
});

/** True when it is there at all, whatever its value. */
export const presenceParameter = (name: string, description: string): Always<boolean> => ({
  from: 'query',
  name,
  required: false,
  schema: {},
  description,
  read: (source) => source.has(name),
});

/** A parameter of a form of its own; `parse` gives undefined for what counts as not given. */
export const parsedParameter = parameter;
