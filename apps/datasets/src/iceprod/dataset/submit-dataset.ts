import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import { initialRule } from '#contracts/iceprod/initial-rule.js';
import type { SubmitDatasetRequest } from '#contracts/iceprod/datasets.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { isDatasetStatus } from './dataset.js';

/** A dataset's event must fit into the ledger with room for what JSON escapes. */
const SUBMISSION_BYTES_MAX = 128 * 1024;

/** Roles that may submit in another user's name. */
const ON_BEHALF_ROLES: readonly string[] = ['admin', 'system'];

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', `dataset.${code}`, message);

/** Everything of a submission but what the service allocates. */
export type Submission = Omit<DatasetSubmitted, 'workload_id' | 'dataset'>;

const countsProblem = (request: SubmitDatasetRequest): DomainError | undefined => {
  const { jobs_submitted: jobs, tasks_submitted: tasks, tasks_per_job: perJob } = request;
  if (jobs === 0 && perJob <= 0) return invalid('bad-tasks-per-job', '"tasks_per_job" must be > 0');
  // A quotient would be infinite without jobs, and inexact for large numbers.
  if (tasks !== 0 && (jobs === 0 || tasks !== jobs * perJob)) {
    return invalid('bad-tasks-submitted', '"tasks_submitted" must be "jobs_submitted" times "tasks_per_job"');
  }
  return undefined;
};

/**
 * Checks a submission and fills in its defaults (IceProd contract 4.1, 4.3). Pure, and done before a number is allocated, so
 * that a refused submission consumes none.
 */
export const submissionOf = (
  request: SubmitDatasetRequest,
  caller: Caller,
  isGroup: (name: string) => boolean,
): Submission | DomainError => {
  const problem = countsProblem(request);
  if (problem !== undefined) return problem;
  const { status = 'processing', group, auth_groups_read: readGroups = ['users'] } = request;
  if (!isDatasetStatus(status)) return invalid('unknown-status', 'unknown status');
  if (![group, ...readGroups].every(isGroup)) return invalid('unknown-group', 'invalid group');
  const mayNameAnother = caller.roles.some((role) => ON_BEHALF_ROLES.includes(role));
  const username = (mayNameAnother ? request.username : undefined) ?? caller.username;
  const submission: Submission = {
    description: request.description,
    jobs_submitted: request.jobs_submitted,
    tasks_submitted: request.tasks_submitted,
    tasks_per_job: request.tasks_per_job,
    group,
    username,
    status,
    priority: request.priority ?? 0.5,
    debug: request.debug ?? false,
    jobs_immutable: request.jobs_immutable ?? false,
    always_active: request.always_active ?? false,
    access: initialRule(username, group, readGroups),
    submitter: caller.username,
  };
  return Buffer.byteLength(JSON.stringify(submission)) > SUBMISSION_BYTES_MAX
    ? invalid('too-large', 'dataset too large')
    : submission;
};
