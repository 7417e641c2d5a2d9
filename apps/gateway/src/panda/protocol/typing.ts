import { isObject, objectIn } from '#platform/json-object.js';
import type { TypeName } from './function.js';
import { TYPE_NAMES } from './casting.js';
import { pythonTypeOf } from './values.js';

/** A value in the type of a parameter, or what is wrong with it. */
export type Typed = { readonly value: unknown } | { readonly problem: string };

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** A boolean counts as a whole number, as in Python. */
const intOf = (value: unknown): number | undefined => {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
};

/** By type: the value as the handler gets it; undefined when it has another type (contract 1.6). */
const CHECKS: Readonly<Record<TypeName, (value: unknown) => unknown>> = {
  str: (value) => (typeof value === 'string' ? value : undefined),
  int: intOf,
  float: (value) => (typeof value === 'number' ? value : undefined),
  number: (value) => (typeof value === 'number' ? value : intOf(value)),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  list: (value) => (isList(value) ? value : undefined),
  dict: (value) => (isObject(value) ? value : undefined),
  'List[int]': (value) => (isList(value) ? value : undefined),
  'List[str]': (value) => (isList(value) ? value : undefined),
  json: (value) => {
    if (typeof value === 'string') return objectIn(value);
    return isObject(value) ? value : undefined;
  },
  untyped: (value) => value,
  file: () => undefined,
};

const ELEMENTS: Partial<Record<TypeName, 'int' | 'str'>> = { 'List[int]': 'int', 'List[str]': 'str' };

/** Named in messages: a list without its elements. */
const nameOf = (type: TypeName): string => (ELEMENTS[type] === undefined ? TYPE_NAMES[type] : 'list');

/**
 * Checks a value of a JSON body, without casting.
 *
 * @param name of the parameter
 */
export const check = (name: string, type: TypeName, value: unknown): Typed => {
  const checked = CHECKS[type](value);
  if (checked === undefined) {
    return { problem: `Type error: '${name}' must be of type ${nameOf(type)}, got ${pythonTypeOf(value)}.` };
  }
  const elementType = ELEMENTS[type];
  if (elementType === undefined || !isList(checked)) return { value: checked };
  const entries = checked.map((entry) => CHECKS[elementType](entry));
  return entries.includes(undefined)
    ? { problem: `Type error: All elements in '${name}' must be ${elementType}.` }
    : { value: entries };
};
