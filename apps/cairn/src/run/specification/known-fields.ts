import { COLLECTIONS, WORKFLOW_CONFIG } from '#contracts/torc/collections.js';
import { JOB_SPECIFICATION, SCHEDULERS as SCHEDULER_LISTS, SPECIFIED_WORKFLOW } from '#contracts/torc/specification.js';

/** Fields that a document of a specification may have. */
export type KnownFields = ReadonlySet<string>;

const fieldsOf = (...fields: readonly object[]): KnownFields => new Set(fields.flatMap(Object.keys));

/** Cairn's addition: elements that stand for several. */
const PARAMETERS = { parameters: {}, parameter_mode: {}, use_parameters: {} };

/** Lists of a specification beside its jobs, with the fields of their elements (Torc contract 2.20). */
export const LISTS: Readonly<Record<string, KnownFields>> = {
  files: fieldsOf(COLLECTIONS.files.fields, PARAMETERS),
  user_data: fieldsOf(COLLECTIONS.user_data.fields, PARAMETERS),
  resource_requirements: fieldsOf(COLLECTIONS.resource_requirements.fields),
};

/** Lists below `schedulers`. */
export const SCHEDULERS: Readonly<Record<string, KnownFields>> = Object.fromEntries(
  SCHEDULER_LISTS.map((name) => [name, fieldsOf(COLLECTIONS[name].fields)]),
);

/** Torc contract 2.19. */
export const JOB_FIELDS = fieldsOf(JOB_SPECIFICATION, PARAMETERS);

export const CONFIG_FIELDS = fieldsOf(WORKFLOW_CONFIG);

/** Fields of the specification itself that are no lists. */
export const WORKFLOW_FIELDS = fieldsOf(SPECIFIED_WORKFLOW, { parameters: {}, actions: {} });
