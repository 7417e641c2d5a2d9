import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import { actsForGroup, isPrivileged } from '#contracts/access.js';
import { initialRule } from '#contracts/iceprod/initial-rule.js';
import type { SubmitDatasetRequest } from '#contracts/iceprod/datasets.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { isDatasetStatus } from '#contracts/iceprod/statuses.js';

/** A dataset's event must fit into the ledger with room for what JSON escapes. */
const SUBMISSION_BYTES_MAX = 128 * 1024;

/** The formula of priorities compares datasets of a group: a larger number of one user would push the others back. */
const USER_PRIORITY_MAX = 1;

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', `dataset.${code}`, message);

/** Everything of a submission but what the service allocates. */
export type Submission = Omit<DatasetSubmitted, 'workload_id' | 'dataset'>;

const countsProblem = (request: SubmitDatasetRequest): DomainError | undefined => {
  const { jobs_submitted: jobs, tasks_submitted: tasks, tasks_per_job: perJob } = request;
  if (jobs === 0 && perJob <= 0) return invalid('bad-tasks-per-job', '"tasks_per_job" must be > 0');
  if (!Number.isSafeInteger(jobs * perJob)) return invalid('too-many-tasks', 'too many tasks');
  // A quotient would be infinite without jobs, and inexact for large numbers.
  if (tasks !== 0 && (jobs === 0 || tasks !== jobs * perJob)) {
    return invalid('bad-tasks-submitted', '"tasks_submitted" must be "jobs_submitted" times "tasks_per_job"');
  }
  return undefined;
};

/** Users choose from the range of the formula's results (IceProd contract 18); only admins and services may go beyond it. */
export const priorityProblem = (priority: unknown, caller: Caller): DomainError | undefined =>
  typeof priority !== 'number' || isPrivileged(caller) || (priority >= 0 && priority <= USER_PRIORITY_MAX)
    ? undefined
    : invalid('bad-priority', `priority must be from 0 to ${USER_PRIORITY_MAX}`);

/** A group's datasets are written by its members and may get its credentials, so only they submit for it. */
export const groupProblem = (group: string, caller: Caller): DomainError | undefined =>
  actsForGroup(caller, group) ? undefined : invalid('not-a-member', 'not a member of selected group');

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
  const refusal = groupProblem(group, caller) ?? priorityProblem(request.priority, caller);
  if (refusal !== undefined) return refusal;
  const username = (isPrivileged(caller) ? request.username : undefined) ?? caller.username;
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
