import { isObject } from '#platform/json-object.js';
import type { Schema } from './field.js';

/** What a member of a JSON body must be. `raw` gives its text as it was sent. */
export interface JsonType<Value> {
  /** The word that errors use. */
  readonly name: string;
  readonly schema: Schema;
  /** @returns undefined when the value is of another type */
  readonly accept: (value: unknown, raw: () => string) => Value | undefined;
}

/** Half a surrogate pair is no text: stored, it would become another one. */
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();

export const str: JsonType<string> = {
  name: 'str',
  schema: { type: 'string' },
  accept: (value) => (isText(value) ? value : undefined),
};

/** Integral numbers, `2.0` too; beyond 2^53 numbers are no longer exact and refused. */
export const int: JsonType<number> = {
  name: 'int',
  schema: { type: 'integer' },
  accept: (value) => (Number.isSafeInteger(value) ? (value as number) : undefined),
};

/** Any number that fits: `1e400` does not. */
export const float: JsonType<number> = {
  name: 'float',
  schema: { type: 'number' },
  accept: (value) => (Number.isFinite(value) ? (value as number) : undefined),
};

export const bool: JsonType<boolean> = {
  name: 'bool',
  schema: { type: 'boolean' },
  accept: (value) => (typeof value === 'boolean' ? value : undefined),
};

export const strings: JsonType<readonly string[]> = {
  name: 'list',
  schema: { type: 'array', items: { type: 'string' } },
  accept: (value) => (Array.isArray(value) && value.every(isText) ? value : undefined),
};

/** A user's document: kept as the text that was sent. */
export const dict: JsonType<string> = {
  name: 'dict',
  schema: { type: 'object', additionalProperties: true },
  accept: (value, raw) => (isObject(value) ? raw() : undefined),
};

/** An integer, or its text. */
export const intOrText: JsonType<number> = {
  name: 'int',
  schema: { oneOf: [{ type: 'integer' }, { type: 'string', pattern: '^\\s*[+-]?\\d+\\s*$' }] },
  accept: (value, raw) =>
    typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)
      ? int.accept(Number(value), raw)
      : int.accept(value, raw),
};

/** Anything, as text. */
export const text: JsonType<string> = {
  name: 'str',
  schema: {},
  accept: (value, raw) => (typeof value === 'string' ? value : raw()),
};

/** Numbers by name. */
export const numbersByName: JsonType<Readonly<Record<string, number>>> = {
  name: 'dict',
  schema: { type: 'object', additionalProperties: { type: 'number' } },
  accept: (value) =>
    isObject(value) && Object.values(value).every((entry) => Number.isFinite(entry))
      ? (value as Readonly<Record<string, number>>)
      : undefined,
};

/** Narrows a type further. */
export const where = <Value>(
  type: JsonType<Value>,
  holds: (value: Value) => boolean,
  schema: Schema = {},
): JsonType<Value> => ({
  name: type.name,
  schema: { ...type.schema, ...schema },
  accept: (value, raw) => {
    const accepted = type.accept(value, raw);
    return accepted !== undefined && holds(accepted) ? accepted : undefined;
  },
});
