import { COLLECTIONS, JOB_RELATIONS, WORKFLOW, WORKFLOW_CONFIG } from '#contracts/torc/collections.js';

/** Fields that a document of a specification may have. */
export type KnownFields = ReadonlySet<string>;

const fieldsOf = (...names: readonly (object | string)[]): KnownFields =>
  new Set(names.flatMap((name) => (typeof name === 'string' ? [name] : Object.keys(name))));

/** Lists of a specification beside its jobs, with the fields of their elements (Torc contract 2.20). */
export const LISTS: Readonly<Record<string, KnownFields>> = {
  files: fieldsOf(COLLECTIONS.files.fields),
  user_data: fieldsOf(COLLECTIONS.user_data.fields),
  resource_requirements: fieldsOf(COLLECTIONS.resource_requirements.fields),
};

/** Lists below `schedulers`. */
export const SCHEDULERS: Readonly<Record<string, KnownFields>> = {
  aws_schedulers: fieldsOf(COLLECTIONS.aws_schedulers.fields),
  local_schedulers: fieldsOf(COLLECTIONS.local_schedulers.fields),
  slurm_schedulers: fieldsOf(COLLECTIONS.slurm_schedulers.fields),
};

/** Torc contract 2.19. */
export const JOB_FIELDS: KnownFields = new Set(
  [...fieldsOf(COLLECTIONS.jobs.fields, JOB_RELATIONS, 'key')].filter((name) => name !== 'status'),
);

export const CONFIG_FIELDS = fieldsOf(WORKFLOW_CONFIG);

/** Fields of the specification itself that are no lists. */
export const WORKFLOW_FIELDS: KnownFields = new Set(
  [...fieldsOf(WORKFLOW, 'key')].filter((name) => name !== 'timestamp'),
);
