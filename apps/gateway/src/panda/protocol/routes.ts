import type { Field, Fields, Schema } from '../../route/field.js';
import type { AnyRoute } from '../../route/route.js';
import type { Parameter, PandaFunction, RawRoute, TypeName } from './function.js';
import { pathsOfFunction } from './paths.js';
import type { Module } from './served.js';

const ANY_OBJECT: Schema = { type: 'object', additionalProperties: true };

const SCHEMAS: Readonly<Record<TypeName, Schema>> = {
  str: { type: 'string' },
  int: { type: 'integer' },
  float: { type: 'number' },
  number: { type: 'number' },
  bool: { type: 'boolean' },
  list: { type: 'array', items: {} },
  dict: ANY_OBJECT,
  'List[int]': { type: 'array', items: { type: 'integer' } },
  'List[str]': { type: 'array', items: { type: 'string' } },
  json: ANY_OBJECT,
  untyped: {},
  file: { type: 'string', format: 'binary' },
};

const schemaOf = ({ type, fallback }: Parameter): Schema => {
  const schema = SCHEMAS[type];
  if (fallback === undefined) return schema;
  return fallback === null && schema['type'] !== undefined
    ? { ...schema, type: [schema['type'], 'null'], default: null }
    : { ...schema, default: fallback };
};

const fieldOf = (parameter: Parameter, from: Field['from']): Field => ({
  from,
  required: parameter.required,
  schema: schemaOf(parameter),
  ...(parameter.description !== undefined && { description: parameter.description }),
  read: () => undefined,
});

const fieldsOf = ({ parameters }: PandaFunction, from: Field['from']): Fields =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, fieldOf(parameter, from)]));

const envelopeOf = (data: Schema = {}): Schema => ({
  type: 'object',
  required: ['success', 'message', 'data'],
  additionalProperties: false,
  properties: { success: { type: 'boolean' }, message: { type: 'string' }, data },
});

/** `get_user_secrets` of `creds` becomes `pandaCredsGetUserSecrets`. */
const operationName = (words: readonly string[]): string =>
  words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .reduce((name, word) => name + word, 'panda');

/** What callers need, in the place of roles. */
const ROLES = { secure: ['known'], production: ['production'] } as const;

const policyOf = ({ access, acceptsPilots, owner }: PandaFunction): AnyRoute['policy'] => {
  if (access === 'none') return 'public';
  const roles = access === 'production' && acceptsPilots === true ? ['production', 'pilot'] : ROLES[access];
  return { roles, ...(owner !== undefined && { note: 'Only the owner of the task, or production' }) };
};

const routesOfFunction = (declared: PandaFunction): readonly AnyRoute[] => {
  const { api, module, name, methods, summary, data, records, parameters } = declared;
  const takesFile = Object.values(parameters).some(({ type }) => type === 'file');
  return pathsOfFunction(declared).flatMap((path, index) =>
    methods.map((method) => ({
      dialect: 'panda',
      name: operationName([
        ...(api === 'legacy' ? ['legacy'] : [module]),
        name,
        ...(index > 0 ? ['at', path] : []),
        ...(methods.length > 1 && method === 'POST' ? ['by', 'post'] : []),
      ]),
      tag: api === 'legacy' ? 'panda legacy' : `panda ${module}`,
      method,
      path,
      policy: policyOf(declared),
      summary,
      ...(records !== undefined && { records }),
      fields: fieldsOf(declared, method === 'GET' ? 'query' : 'body'),
      ...(takesFile && { bodyType: 'multipart/form-data' }),
      response: api === 'legacy' ? {} : envelopeOf(data),
      read: () => ({}),
    })),
  );
};

const PATH_PARAMETER = /[:*](\w*)/g;

const pathField: Field = { from: 'path', required: true, schema: { type: 'string' }, read: () => undefined };

/** The rest of a path has a name in routes. */
const routePath = ({ path }: RawRoute): string => path.replace(/\*$/, '*path');

const routesOfRaw = (name: string, raw: RawRoute): readonly AnyRoute[] =>
  raw.methods.map((method) => {
    const path = routePath(raw);
    const names = [...path.matchAll(PATH_PARAMETER)].map(([, parameter = '']) => parameter);
    return {
      dialect: 'panda',
      name: operationName([name, ...(raw.methods.length > 1 && method === 'POST' ? ['by', 'post'] : [])]),
      tag: 'panda files',
      method,
      path,
      policy: 'public',
      summary: raw.summary,
      fields: Object.fromEntries(names.map((parameter) => [parameter, pathField])),
      contentType: 'application/octet-stream',
      response: { type: 'string', format: 'binary' },
      errors: { 404: 'not found' },
      read: () => ({}),
    };
  });

/** The routes of a module, for the router and for the documentation. */
export const routesOf = (module: Module): readonly AnyRoute[] =>
  module.kind === 'functions'
    ? Object.values(module.table).flatMap(routesOfFunction)
    : Object.entries(module.table).flatMap(([name, raw]) => routesOfRaw(name, raw));

/** The paths under which a declaration is served, as {@link routesOf} writes them. */
export const routePathsOf = (declared: PandaFunction | RawRoute): readonly string[] =>
  'path' in declared ? [routePath(declared)] : pathsOfFunction(declared);
