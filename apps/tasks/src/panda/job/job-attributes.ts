import { JOB_ATTRIBUTES, type JobValues, ZERO_BY_DEFAULT } from '#contracts/panda/job-attributes.js';

/** What a job has of which nothing is said (contract 3.4). */
// One entry for each name, so that the type holds.
export const DEFAULT_JOB = Object.fromEntries(
  JOB_ATTRIBUTES.map((name) => [name, ZERO_BY_DEFAULT.has(name) ? 0 : null]),
) as unknown as JobValues;
