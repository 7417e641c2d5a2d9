import { COLLECTIONS, type Fields, JOB_RELATIONS, type PlainCollectionName, WORKFLOW } from './collections.js';

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));

/** A job of a specification: references are names, of the scheduler `collection/name` (Torc contract 2.19). */
export const JOB_SPECIFICATION: Fields = {
  ...without(COLLECTIONS.jobs.fields, 'status'),
  key: { type: 'string' },
  ...JOB_RELATIONS,
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
