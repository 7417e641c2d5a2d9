import { isObject } from '#platform/json-object.js';
import type { Schema } from './field.js';

/** Values that a dialect's documentation shows. */
export interface Examples {
  /** By name of a parameter or member. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Bodies by operation, where the schema does not tell. */
  readonly requests: Readonly<Record<string, unknown>>;
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Source {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly values: Readonly<Record<string, unknown>>;
}

const REFERENCE = '#/components/schemas/';

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

/** Whether a value may stand where the schema does, as far as its type says. */
const fits = (value: unknown, { type, enum: words, oneOf, items }: Schema): boolean => {
  // Named lists are lists of names.
  if (isObject(items) && '$ref' in items) return false;
  if (Array.isArray(oneOf)) return oneOf.some((schema: unknown) => isObject(schema) && fits(value, schema));
  if (Array.isArray(words)) return words.includes(value);
  if (type === undefined) return true;
  const given = typeOf(value);
  return [type].flat().some((name) => name === given || (name === 'integer' && Number.isInteger(value)));
};

const SIMPLE: Readonly<Record<string, unknown>> = { string: 'text', boolean: true };

/** Members of maps: ids for documents, else the first of these names. */
const keyOf = (schema: unknown, { values }: Source): string => {
  const reference = isObject(schema) && typeof schema['$ref'] === 'string' ? schema['$ref'] : '';
  const id = values[`${reference.slice(REFERENCE.length).toLowerCase()}_id`];
  return typeof id === 'string' ? id : 'generate';
};

const exampleOfObject = (schema: Schema, source: Source, onlyRequired: boolean): unknown => {
  const { properties, required, additionalProperties } = schema;
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = Object.entries(isObject(properties) ? properties : {})
    .filter(([name]) => !onlyRequired || needed.length === 0 || needed.includes(name))
    .map(([name, member]) => [name, exampleOf(isObject(member) ? member : {}, source, name)] as const);
  if (members.length === 0 && isObject(additionalProperties)) {
    return { [keyOf(additionalProperties, source)]: exampleOf(additionalProperties, source) };
  }
  return Object.fromEntries(members);
};

/** A value that the schema accepts. `name` is that of the member or parameter that it is for. */
export const exampleOf = (schema: Schema, source: Source, name?: string, onlyRequired = false): unknown => {
  const { $ref: reference, examples, type, items, anyOf, enum: words } = schema;
  const oneOf = schema['oneOf'] ?? anyOf;
  if (typeof reference === 'string') {
    return exampleOf(source.schemas[reference.slice(REFERENCE.length)] ?? {}, source, name, onlyRequired);
  }
  if (Array.isArray(examples)) return examples[0];
  const named = name === undefined || !Object.hasOwn(source.values, name) ? undefined : source.values[name];
  if (named !== undefined && fits(named, schema)) return named;
  if ('default' in schema) return schema['default'];
  if (Array.isArray(words)) return words[0];
  if (Array.isArray(oneOf)) {
    const alternatives = oneOf.filter(isObject);
    const document = alternatives.find((alternative) => '$ref' in alternative);
    return exampleOf(document ?? alternatives[0] ?? {}, source, name);
  }
  const [first] = [type].flat();
  if (first === 'object') return exampleOfObject(schema, source, onlyRequired);
  if (first === 'array') return [exampleOf(isObject(items) ? items : {}, source, name?.replace(/s$/, ''))];
  if (first === 'integer' || first === 'number') return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
  return first === 'null' ? null : (SIMPLE[String(first)] ?? 'text');
};
