import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { RETRY_ACTIONS, type RetryRule } from '#contracts/panda/retry-rules.js';
import { BoundedPattern } from '#platform/bounded-pattern.js';
import { type JobError, jobErrors } from '../job/job-errors.js';

/** What of a job rules look at besides its errors. */
type Kind = Pick<JobAttributes, 'cmtConfig' | 'AtlasRelease' | 'workQueue_ID'>;

export interface ActingRules {
  /** The one that acts. */
  readonly acting: RetryRule | undefined;
  /** The one that would act if it was active. */
  readonly inactive: RetryRule | undefined;
}

/**
 * The rule for a failed job (PanDA contract 4.2.7). All its errors are judged together: the most specific rule wins, of equal ones the strictest,
 * of these the first.
 */
export const actingRules = (rules: readonly RetryRule[], job: JobAttributes): ActingRules => {
  const errors = jobErrors(job);
  const matching = rules
    .filter((rule) => fits(rule, job) && errors.some((error) => isAbout(rule, error)))
    .sort((one, other) => specificity(other) - specificity(one) || strictness(one, other));
  return { acting: matching.find(({ active }) => active), inactive: matching.find(({ active }) => !active) };
};

const fits = ({ architecture, release, work_queue: workQueue }: RetryRule, job: Kind): boolean =>
  (architecture === null || architecture === job.cmtConfig) &&
  (release === null || release === job.AtlasRelease) &&
  (workQueue === null || workQueue === job.workQueue_ID);

const isAbout = ({ source, code, diagnostic }: RetryRule, error: JobError): boolean =>
  source === error.source &&
  code === error.code &&
  (diagnostic === null || (BoundedPattern.parse(diagnostic)?.matches([error.diagnostic])[0] ?? false));

const specificity = ({ diagnostic, architecture, release, work_queue: workQueue }: RetryRule): number =>
  [diagnostic, architecture, release, workQueue].filter((condition) => condition !== null).length;

/** Negative when the first is stricter: of two limits or factors the lower one is. */
const strictness = (one: RetryRule, other: RetryRule): number =>
  RETRY_ACTIONS.indexOf(one.action) - RETRY_ACTIONS.indexOf(other.action) || (one.value ?? 0) - (other.value ?? 0);
