import { isObject } from '#platform/json-object.js';
import type { TypeName } from './function.js';
import { literalIn } from './python-literal.js';
import { pythonText, pythonTypeOf } from './values.js';

/** As Python's `float` reads them. */
const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

const numberIn = (text: string): number | undefined => {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};

const intIn = (text: string): number | undefined => {
  const value = numberIn(text);
  // Adding zero makes -0 a zero.
  return value === undefined ? undefined : Math.trunc(value) + 0;
};

const TRUE = /^(?:true|1)$/i;

/** The elements of a list that is sent by repeated keys, or by one. */
const elements = <Value>(value: unknown, cast: (text: string) => Value | undefined): readonly Value[] | undefined => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const made = list.map((entry) => (typeof entry === 'string' ? cast(entry) : undefined));
  return made.every((entry) => entry !== undefined) ? made : undefined;
};

const single = <Value>(value: unknown, cast: (text: string) => Value | undefined): Value | undefined =>
  typeof value === 'string' ? cast(value) : undefined;

const dictIn = (text: string): Readonly<Record<string, unknown>> | undefined => {
  const value = literalIn(text);
  return isObject(value) ? value : undefined;
};

const itself = (text: string): string => text;

/** By type: the value of a text, or of the texts of a repeated key; undefined when it cannot be cast (contract 1.5). */
const CASTS: Readonly<Record<TypeName, (value: unknown) => unknown>> = {
  str: (value) => single(value, itself),
  int: (value) => single(value, intIn),
  float: (value) => single(value, numberIn),
  number: (value) => single(value, numberIn),
  bool: (value) => single(value, (text) => TRUE.test(text)),
  list: (value) => elements(value, itself),
  dict: (value) => single(value, dictIn),
  'List[int]': (value) => elements(value, intIn),
  'List[str]': (value) => elements(value, itself),
  json: (value) => single(value, dictIn),
  untyped: (value) => value,
  file: () => undefined,
};

/** Names of types in messages. */
export const TYPE_NAMES: Readonly<Record<TypeName, string>> = {
  str: 'str',
  int: 'int',
  float: 'float',
  number: 'int | float',
  bool: 'bool',
  list: 'list',
  dict: 'dict',
  'List[int]': 'List[int]',
  'List[str]': 'List[str]',
  json: 'dict',
  untyped: 'object',
  file: 'FileStorage',
};

/** What a text, or the texts of a repeated key, counts as for a parameter of the type; undefined when it cannot be cast. */
export const cast = (type: TypeName, value: unknown): unknown => CASTS[type](value);

/** @param name of the parameter */
export const castError = (name: string, type: TypeName, value: unknown): string =>
  `Type error: '${name}' with value '${pythonText(value)}' could not be casted to type ${TYPE_NAMES[type]} from ${pythonTypeOf(value)}.`;
