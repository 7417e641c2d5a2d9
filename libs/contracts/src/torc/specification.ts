import { COLLECTIONS, type Fields, JOB_RELATIONS, type PlainCollectionName, WORKFLOW } from './collections.js';

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));

/** Cairn's addition: regular expressions, found anywhere in the names of what a job is related to besides. */
export const PATTERN_RELATIONS = {
  blocked_by_regexes: 'blocked_by',
  input_file_regexes: 'input_files',
  output_file_regexes: 'output_files',
  input_user_data_regexes: 'input_user_data',
  output_user_data_regexes: 'output_user_data',
} as const;
export type PatternRelation = keyof typeof PATTERN_RELATIONS;

const PATTERNS: Fields = Object.fromEntries(
  Object.keys(PATTERN_RELATIONS).map((name) => [name, { type: { listOf: 'string' } }]),
);

/** A job of a specification: references are names, of the scheduler `collection/name` (Torc contract 2.19). */
export const JOB_SPECIFICATION: Fields = {
  ...without(COLLECTIONS.jobs.fields, 'status'),
  key: { type: 'string' },
  ...JOB_RELATIONS,
  ...PATTERNS,
  scheduler: { type: 'string', nullable: true, mayBeEmpty: true },
};

/** Collections of schedulers, whose documents a specification has in one object. */
export const SCHEDULERS = [
  'aws_schedulers',
  'local_schedulers',
  'slurm_schedulers',
] as const satisfies readonly PlainCollectionName[];

/** The workflow that a specification describes (Torc contract 2.20). */
export const SPECIFIED_WORKFLOW: Fields = { ...without(WORKFLOW, 'timestamp'), key: { type: 'string' } };

/** The lists of a specification: names of collections. */
export const SPECIFICATION_LISTS = ['jobs', 'files', 'user_data', 'resource_requirements'] as const;

/** Fields of jobs, files and user data of a specification that say how one becomes several. They are never stored. */
export const PARAMETER_FIELDS = ['parameters', 'parameter_mode', 'use_parameters'] as const;
