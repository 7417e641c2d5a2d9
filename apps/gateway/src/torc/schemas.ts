import { ACTION_TRIGGERS } from '#contracts/torc/actions.js';
import {
  type Collection,
  COLLECTIONS,
  type FieldRule,
  type Fields,
  type FieldType,
  JOB_INTERNAL,
  WORKFLOW,
  WORKFLOW_CONFIG,
  WORKFLOW_STATUS,
} from '#contracts/torc/collections.js';
import type { Schema } from '../route/field.js';
import { JOB_EXPLANATION, WORKFLOW_EXPLANATION } from './job-explanation-schema.js';

/** `compute_nodes` as `TorcComputeNodes`: the name of its schema, and the end of the names of its routes. */
export const pascal = (name: string): string =>
  name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

export const schemaName = (collection: string): string => `Torc${pascal(collection)}`;

const schemaOfType = (type: FieldType, mayBeEmpty: boolean): Schema => {
  switch (type) {
    case 'string':
      return { type, ...(!mayBeEmpty && { minLength: 1 }) };
    case 'integer':
    case 'number':
    case 'boolean':
      return { type };
    case 'memory':
      return { type: 'string', description: 'digits, perhaps with a unit k, m, g or t', examples: ['8g'] };
    case 'duration':
      return { type: 'string', description: 'ISO 8601 duration without years and months', examples: ['P0DT1H'] };
    case 'object':
      return { type, additionalProperties: true };
    case 'list':
      return { type: 'array' };
    default:
      if ('oneOf' in type) return { type: 'string', enum: type.oneOf };
      if ('listOf' in type) return { type: 'array', items: schemaOfType(type.listOf, true) };
      return schemaOfMembers(type.members, true);
  }
};

const schemaOfRule = ({ type, nullable, mayBeEmpty, minimum, maximum, default: value }: FieldRule): Schema => {
  const schema = schemaOfType(type, mayBeEmpty === true);
  return {
    ...schema,
    ...(nullable === true && { type: [schema['type'], 'null'].flat() }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(value !== undefined && { default: value }),
  };
};

const schemaOfMembers = (fields: Fields, needsRequired: boolean): Schema => {
  const rules = Object.entries(fields);
  const required = rules.filter(([, rule]) => needsRequired && rule.required === true).map(([name]) => name);
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(rules.map(([name, rule]) => [name, schemaOfRule(rule)])),
    additionalProperties: false,
  };
};

const IDENTITY = {
  _key: { type: 'string', examples: ['103'] },
  _id: { type: 'string', examples: ['files__97/103'] },
  _rev: { type: 'string', examples: ['103-1'] },
};

/** The body of POST, or of PUT, which names the document and its revision; of a part of a workflow, the document at least. */
export const schemaOfFields = (
  fields: Fields,
  { isPut = false, isPart = false, isOpen = false }: Readonly<Partial<Record<'isPut' | 'isPart' | 'isOpen', boolean>>>,
): Schema => {
  const { properties, required: fieldNames, ...schema } = schemaOfMembers(fields, !isPut);
  const names = isPart ? ['_key'] : isPut ? ['_key', '_rev'] : [];
  const required: readonly unknown[] = [...(Array.isArray(fieldNames) ? (fieldNames as unknown[]) : []), ...names];
  return {
    ...schema,
    ...(required.length > 0 && { required }),
    properties: { ...(properties as object), ...IDENTITY },
    additionalProperties: isOpen,
  };
};

/** A document as it is answered. */
const storedSchema = (fields: Fields): Schema => ({
  type: 'object',
  required: ['_key', '_id', '_rev'],
  properties: { ...(schemaOfMembers(fields, false)['properties'] as object), ...IDENTITY },
  additionalProperties: true,
});

const JOB_REFERENCES: Readonly<Record<string, Schema>> = Object.fromEntries(
  ['input_files', 'output_files', 'input_user_data', 'output_user_data', 'blocked_by'].map((name) => [
    name,
    { type: 'array', items: { type: 'string' } },
  ]),
);

const integers = (...names: readonly string[]): Readonly<Record<string, Schema>> =>
  Object.fromEntries(names.map((name) => [name, { type: 'integer' }]));

const all = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

/** Torc contract 2.20. */
const specification: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    user: { type: 'string' },
    description: { type: 'string' },
    jobs: { type: 'array', items: { $ref: '#/components/schemas/TorcJobSpecification' } },
    files: { type: 'array', items: { type: 'object' } },
    user_data: { type: 'array', items: { type: 'object' } },
    resource_requirements: { type: 'array', items: { type: 'object' } },
    schedulers: { type: 'object' },
    config: { type: 'object' },
    actions: {
      type: 'array',
      items: { type: 'object' },
      description: 'commands to run, or nodes to ask for, when something happens',
    },
    parameters: {
      type: 'object',
      description: 'parameters that jobs, files and user data may use by name (`use_parameters`); never stored',
    },
  },
};

const nullable = (type: string): Schema => ({ type: [type, 'null'] });
const use = all({ requested: { type: 'number' }, used: nullable('number'), ...integers('jobs_over') });

/** What `report` answers. */
const report: Schema = all({
  workflow_key: { type: 'string' },
  name: nullable('string'),
  run_id: { type: 'integer' },
  jobs: { type: 'object', description: 'by status', additionalProperties: { type: 'integer' } },
  failed_jobs: { type: 'integer', description: 'whose last result has another return code than 0' },
  work_minutes: { type: 'number', description: 'sum of the times of all jobs' },
  elapsed_minutes: { ...nullable('number'), description: 'from the first start of a job to the last end' },
  critical_path: all({
    minutes: { type: 'number', description: 'no number of workers makes the workflow faster' },
    length: { type: 'integer' },
    jobs: {
      type: 'array',
      description: 'the 200 longest, in their order',
      items: all({
        job_id: { type: 'string' },
        name: nullable('string'),
        minutes: { type: 'number' },
        start_minutes: { type: 'number', description: 'if each starts as soon as the one before has ended' },
      }),
    },
  }),
  groups: {
    type: 'array',
    description:
      'for each group of resource requirements, the greatest use of one job; null where nothing was measured',
    items: all({
      resource_requirements_id: nullable('string'),
      name: nullable('string'),
      ...integers('jobs', 'jobs_measured'),
      ...{ cpus: use, memory_gb: use, runtime_minutes: use },
    }),
  },
});

const collections: readonly (readonly [string, Collection])[] = Object.entries(COLLECTIONS);

/** Documents that routes answer. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  TorcError: {
    type: 'object',
    description: "Errors of Torc's routes",
    required: ['error', 'errorNum', 'errorMessage', 'code'],
    properties: {
      error: { type: 'boolean' },
      errorNum: { type: 'integer' },
      errorMessage: { type: 'string' },
      code: { type: 'integer' },
    },
  },
  TorcWorkflow: storedSchema(WORKFLOW),
  TorcConfig: storedSchema(WORKFLOW_CONFIG),
  TorcStatus: storedSchema(WORKFLOW_STATUS),
  TorcEdge: {
    type: 'object',
    required: ['_from', '_to', '_key', '_id', '_rev'],
    properties: { _from: { type: 'string' }, _to: { type: 'string' }, data: { type: 'object' }, ...IDENTITY },
  },
  TorcCompletion: all({
    is_canceled: { type: 'boolean' },
    is_complete: { type: 'boolean' },
    needs_to_run_completion_script: { type: 'boolean' },
  }),
  TorcReadyRequirements: all({
    ...integers('num_jobs', 'num_cpus', 'num_gpus', 'max_num_nodes'),
    memory_gb: { type: 'number' },
    max_runtime: { type: 'string' },
  }),
  TorcJoinedRow: all({ from: { type: 'object' }, to: { type: 'object' }, edge: { type: 'object' } }),
  TorcJobSpecification: {
    type: 'object',
    required: ['command'],
    properties: {
      name: { type: 'string' },
      command: { type: 'string' },
      ...JOB_REFERENCES,
      resource_requirements: { type: 'string' },
      scheduler: { type: 'string' },
      parameters: {
        type: 'object',
        description:
          'the job is created for each combination of values: `"1:100"`, `"1:100:5"` or `"[0.1,0.01]"`, written as `{i}`, `{i:03d}` or `{lr:.4f}` in its texts; in specifications only',
      },
      parameter_mode: { enum: ['product', 'zip'] },
      use_parameters: { type: 'array', items: { type: 'string' } },
    },
  },
  TorcAction: {
    type: 'object',
    required: ['number', 'trigger_type', 'action_type', 'run_id', 'state', 'worker'],
    properties: {
      number: { type: 'integer', description: 'of the action in its workflow' },
      trigger_type: { enum: ACTION_TRIGGERS },
      action_type: { enum: ['run_commands', 'schedule_nodes'] },
      jobs: { type: 'array', items: { type: 'string' }, description: 'ids of the jobs that it waits for' },
      commands: { type: 'array', items: { type: 'string' } },
      scheduler: { type: 'string', description: 'id of the Slurm scheduler to ask for nodes' },
      num_allocations: { type: 'integer' },
      run_id: { type: 'integer' },
      state: { enum: ['waiting', 'due', 'claimed', 'done', 'failed'], description: 'in this run' },
      worker: { type: ['string', 'null'], description: 'who carries it out' },
    },
  },
  TorcSpecification: specification,
  TorcJobExplanation: JOB_EXPLANATION,
  TorcWorkflowExplanation: WORKFLOW_EXPLANATION,
  TorcReport: report,
  ...Object.fromEntries(
    collections.map(([name, { fields }]) => [
      schemaName(name),
      storedSchema(name === 'jobs' ? { ...fields, internal: { type: { members: JOB_INTERNAL } } } : fields),
    ]),
  ),
};
