import {
  COLLECTIONS,
  type Collection,
  type CollectionName,
  type Fields as Rules,
} from '#contracts/torc/collections.js';
import { type EdgeName, isEdge } from '#contracts/torc/edges.js';
import { partsOfId } from '#contracts/torc/ids.js';
import { badRequest } from '#contracts/torc/refusals.js';
import type { Field, Schema } from '../route/field.js';
import type { RequestSource } from '../route/request-source.js';

type Always<Value> = Field<Value, 'always'>;
type Maybe<Value> = Field<Value, 'maybe'>;

/** Items of a page, unless the client asks for fewer (Torc contract 1.6). */
export const LIMIT_MAX = 100_000;

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** Clients write numbers as floats, too (Torc contract 1.3). */
const numberIn = (name: string, given: string): number => {
  const value = NUMBER.test(given) ? Number(given) : Number.NaN;
  if (!Number.isFinite(value)) throw badRequest(`${name} must be a number`);
  return value;
};

const integerIn = (name: string, given: string): number => {
  const value = numberIn(name, given);
  if (!Number.isSafeInteger(value)) throw badRequest(`${name} must be an integer`);
  return value;
};

/** However large: a limit is capped (Torc contract 1.6). */
const countIn = (name: string, given: string): number => {
  const value = numberIn(name, given);
  if (!Number.isInteger(value)) throw badRequest(`${name} must be an integer`);
  if (value < 0) throw badRequest(`${name} must not be negative`);
  return Math.min(value, Number.MAX_SAFE_INTEGER);
};

const booleanIn = (name: string, given: string): boolean => {
  const word = given.toLowerCase();
  if (word !== 'true' && word !== 'false') throw badRequest(`${name} must be true or false`);
  return word === 'true';
};

/** Undefined when it is not given. */
const given = (source: RequestSource, name: string): string | undefined => {
  const text = source.givenQuery(name);
  if (text === '') throw badRequest(`${name} must not be empty`);
  return text;
};

const parameter = <Value>(
  schema: Schema,
  description: string,
  parse: (name: string, text: string) => Value,
): Maybe<Value> => ({
  from: 'query',
  required: false,
  schema,
  description,
  read: (source, name) => {
    const text = given(source, name);
    return text === undefined ? undefined : parse(name, text);
  },
});

const orElse = <Value>(field: Maybe<Value>, value: Value): Always<Value> => ({
  from: field.from,
  required: false,
  schema: { ...field.schema, default: value },
  ...(field.description !== undefined && { description: field.description }),
  read: (source, name) => field.read(source, name) ?? value,
});

export const textParameter = (description: string): Maybe<string> =>
  parameter({ type: 'string' }, description, (_, text) => text);

export const flag = (description: string, value: boolean): Always<boolean> =>
  orElse(parameter({ type: 'boolean' }, description, booleanIn), value);

export const numberParameter = (description: string): Maybe<number> =>
  parameter({ type: 'number' }, description, numberIn);

/** May be empty, alone among all (Torc contract 5.17). */
export const schedulerConfigId: Maybe<string> = {
  from: 'query',
  required: false,
  schema: { type: 'string' },
  description: 'full id of the scheduler whose jobs count, besides those without one; empty for these alone',
  read: (source, name) => source.givenQuery(name),
};

export const wordParameter = <const Word extends string>(
  words: readonly Word[],
  value: Word,
  description: string,
): Always<Word> =>
  orElse(
    parameter<Word>({ type: 'string', enum: words }, description, (name, text) => {
      const word = words.find((one) => one === text);
      if (word === undefined) throw badRequest(`${name} must be one of ${words.join(', ')}`);
      return word;
    }),
    value,
  );

export const limit = (value = LIMIT_MAX): Always<number> =>
  orElse(
    parameter({ type: 'integer', minimum: 0 }, 'most items to answer', (name, text) =>
      Math.min(countIn(name, text), LIMIT_MAX),
    ),
    value,
  );

/** Torc contract 1.6. */
export const PAGING = {
  skip: orElse(parameter({ type: 'integer', minimum: 0 }, 'items to pass over', countIn), 0),
  limit: limit(),
};

export const SORTING = {
  sort_by: textParameter('field to sort by; others leave the order of creation'),
  reverse_sort: orElse(parameter({ type: 'boolean' }, 'greatest first', booleanIn), false),
};

/** The raw JSON of a filter's value. */
const filterText = (rules: Rules, name: string, text: string): string => {
  const type = rules[name]?.type;
  if (type === 'integer') return String(integerIn(name, text));
  if (type === 'number') return String(numberIn(name, text));
  if (type === 'boolean') return String(booleanIn(name, text));
  return JSON.stringify(text);
};

const schemaOfFilter = (rules: Rules, name: string): Schema => {
  const type = rules[name]?.type;
  return { type: type === 'integer' || type === 'number' || type === 'boolean' ? type : 'string' };
};

/** The filters of a list, as one value of its message: raw JSON by name of the field (Torc contract 1.6). */
export const filters = (rules: Rules, names: readonly string[]) => {
  /** Only described: all are read together. */
  const described = names.map((name): readonly [string, Field] => [
    `filter ${name}`,
    { ...parameter(schemaOfFilter(rules, name), 'only documents with this value', () => undefined), name },
  ]);
  const all: Always<Readonly<Record<string, string>>> = {
    from: 'constant',
    required: false,
    schema: {},
    read: (source) => {
      const values: Record<string, string> = {};
      for (const name of names) {
        const text = given(source, name);
        if (text !== undefined) values[name] = filterText(rules, name, text);
      }
      return values;
    },
  };
  const descriptions: Readonly<Record<never, Field>> = Object.fromEntries(described);
  return { filters: all, ...descriptions };
};

export const filtersOf = ({ fields, filters: names }: Collection) => filters(fields, ['_key', ...names]);

const pathField = <Value>(
  description: string,
  read: (source: RequestSource, name: string) => Value,
  schema: Schema = { type: 'string' },
): Always<Value> => ({ from: 'path', required: true, schema, description, read });

/** The key of a workflow, given as such or as full id (D28). */
const workflowIn = (source: RequestSource, name: string): string => {
  const text = source.path(name);
  const slash = text.indexOf('/');
  if (slash === -1) return text;
  if (text.slice(0, slash) !== 'workflows') throw badRequest(`${text.slice(0, 300)} is not the id of a workflow`);
  return text.slice(slash + 1);
};

/** The workflow of routes whose path calls it `key`, or `workflow`. */
export const workflow = (name: 'key' | 'workflow'): Always<string> => ({
  ...pathField('key of a workflow, or its full id', workflowIn),
  name,
});

/** The key of a document, given as such or as full id (D28). */
const keyIn = (source: RequestSource, name: string, collection: string): string => {
  const text = source.path(name);
  if (!text.includes('/')) return text;
  const parts = partsOfId(text);
  if (parts?.collection !== collection || parts.workflow !== workflowIn(source, 'workflow')) {
    throw badRequest(`${text.slice(0, 300)} is not an id of ${collection} of this workflow`);
  }
  return parts.key;
};

/** A document of a collection of the workflow that the path names as `workflow`. */
export const documentKey = (collection: CollectionName, name = 'key'): Always<string> => ({
  ...pathField(`key of a ${COLLECTIONS[collection].noun}, or its full id`, (source, at) =>
    keyIn(source, at, collection),
  ),
  name,
});

const edgeIn = (source: RequestSource, name: string): EdgeName => {
  const text = source.path(name);
  if (!isEdge(text)) throw badRequest(`${text.slice(0, 300)} is not the name of an edge`);
  return text;
};

export const edgeName = (name: 'name' | 'edge' = 'name'): Always<EdgeName> => ({
  ...pathField('name of an edge', edgeIn),
  name,
});

export const edgeKey: Always<string> = {
  ...pathField('key of an edge, or its full id', (source, name) => keyIn(source, name, edgeIn(source, 'name'))),
  name: 'key',
};

/** One of some words. */
export const pathWord = <const Word extends string>(words: readonly Word[], name: string): Always<Word> => ({
  ...pathField(
    `one of ${words.join(', ')}`,
    (source, at): Word => {
      const text = source.path(at);
      const word = words.find((one) => one === text);
      if (word === undefined) throw badRequest(`${at} must be one of ${words.join(', ')}`);
      return word;
    },
    { type: 'string', enum: words },
  ),
  name,
});

export const pathInteger = (description: string): Always<number> =>
  pathField(description, (source, name) => integerIn(name, source.path(name)), { type: 'integer' });

export const pathNumber = (description: string): Always<number> =>
  pathField(description, (source, name) => numberIn(name, source.path(name)), { type: 'number' });
