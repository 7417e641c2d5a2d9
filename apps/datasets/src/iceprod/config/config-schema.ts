import type { SchemaObject } from 'ajv/dist/2020.js';

/** Versions of the config schema that are checked in full (IceProd contract 5.1). */
export type ConfigVersion = 3.1 | 3.2;

const freeObject: SchemaObject = { type: 'object', default: {} };
const objectOfObjects: SchemaObject = { type: 'object', default: {}, additionalProperties: { type: 'object' } };

/** Shortest `remote` or `local` that can be a place. */
const PLACE_CHARACTERS_MIN = 3;
const TOKEN_SCOPE_CHARACTERS_MIN = 10;

const place: SchemaObject = { type: 'string', minLength: PLACE_CHARACTERS_MIN };

const TEMPORARY = ['job_temp', 'dataset_temp', 'site_temp'];

/** What a value of `type` asks of the places beside it; a wrong `type` is an error of its own. */
const whenType = (type: SchemaObject, places: Readonly<Record<string, SchemaObject>>): SchemaObject => ({
  if: { properties: { type }, required: ['type'] },
  then: { properties: places },
});

const placesByType: SchemaObject = {
  allOf: [
    whenType({ const: 'permanent' }, { remote: place }),
    whenType({ enum: TEMPORARY }, { local: place, remote: { type: 'string', maxLength: 0 } }),
  ],
};

const dataList = (version: ConfigVersion): SchemaObject => ({
  type: 'array',
  default: [],
  items: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['permanent', ...TEMPORARY] },
      movement: { type: 'string', enum: ['input', 'output', 'both'], default: 'input' },
      remote: { type: 'string', default: '' },
      local: { type: 'string', default: '' },
      transfer: { enum: [true, false, 0, 1, 'yes', 'no', 'y', 'n', '1', '0', 'maybe'], default: true },
    },
    required: ['type'],
    ...(version === 3.2 && placesByType),
  },
});

const amount = (fallback: number): SchemaObject => ({ type: ['number', 'string'], default: fallback });

const requirements = (version: ConfigVersion): SchemaObject => ({
  type: 'object',
  ...(version === 3.2 && { default: {} }),
  properties: {
    cpu: { type: 'integer', default: 1 },
    gpu: { type: 'integer' },
    memory: amount(1),
    disk: amount(1),
    time: amount(1),
    os: { type: 'array', items: { type: 'string' }, default: [] },
    site: { type: 'string' },
  },
});

/** Trays and modules are closed in 3.2; in 3.1 they are open and may carry data lists. */
const closedSince32 = (version: ConfigVersion, properties: Readonly<Record<string, SchemaObject>>): SchemaObject =>
  version === 3.2
    ? { properties, additionalProperties: false }
    : { properties: { ...properties, data: dataList(version) } };

const moduleSchema = (version: ConfigVersion): SchemaObject => ({
  type: 'object',
  ...closedSince32(version, {
    name: { type: 'string', default: '' },
    parameters: freeObject,
    src: { type: 'string', default: '' },
    running_class: { type: 'string', default: '' },
    args: { type: ['string', 'array', 'object'], items: { type: 'string' }, default: '' },
    env_shell: { type: 'string', default: '' },
    env_clear: { type: 'boolean', default: true },
    configs: freeObject,
  }),
});

const traySchema = (version: ConfigVersion): SchemaObject => ({
  type: 'object',
  ...closedSince32(version, {
    name: { type: 'string', default: '' },
    iterations: { type: 'integer', default: 1 },
    parameters: freeObject,
    modules: { type: 'array', minItems: 1, items: moduleSchema(version) },
  }),
  required: ['modules'],
});

const taskFilesNeedScopes: SchemaObject = {
  if: { properties: { task_files: { const: true } }, required: ['task_files'] },
  then: {
    properties: {
      token_scopes: {
        type: 'object',
        minProperties: 1,
        additionalProperties: { type: 'string', minLength: TOKEN_SCOPE_CHARACTERS_MIN },
      },
    },
  },
};

const taskSchema = (version: ConfigVersion): SchemaObject => ({
  type: 'object',
  properties: {
    name: { type: 'string' },
    depends: { type: 'array', items: { type: 'string' }, ...(version === 3.2 && { default: [] }) },
    task_files: { type: 'boolean', default: false },
    data: dataList(version),
    parameters: freeObject,
    batchsys: objectOfObjects,
    requirements: requirements(version),
    container: { type: 'string', default: '' },
    token_scopes: { type: 'object', default: {}, additionalProperties: { type: 'string' } },
    trays: { type: 'array', minItems: 1, items: traySchema(version) },
  },
  required: ['name', 'trays'],
  ...(version === 3.2 && taskFilesNeedScopes),
});

/** The JSON schema of a dataset config, with the defaults that are filled in before it is judged. */
export const configSchema = (version: ConfigVersion): SchemaObject => ({
  type: 'object',
  properties: {
    version: { type: 'number', default: version },
    description: { type: 'string', default: 'Test Dataset' },
    options: freeObject,
    steering: {
      type: 'object',
      default: {},
      properties: { parameters: freeObject, batchsys: objectOfObjects, data: dataList(version) },
      additionalProperties: false,
    },
    tasks: { type: 'array', items: taskSchema(version) },
  },
  required: ['version', 'tasks', 'description'],
});
