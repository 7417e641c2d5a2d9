import type { Job, TorcView, Workflow } from '../view.js';
import { Steps } from './steps.js';

const MICROS_PER_SECOND = 1_000_000;

/** Seconds after which a claim counts as lost (D24): undefined unless the workflow's config says so. */
const timeoutOf = ({ config }: Workflow): number | undefined => {
  // Few configs have it.
  if (!config.includes('"claim_timeout_seconds"')) return undefined;
  const { claim_timeout_seconds: seconds } = JSON.parse(config) as { claim_timeout_seconds?: number };
  return seconds !== undefined && seconds > 0 ? seconds : undefined;
};

/**
 * Jobs that were claimed and not started in time, in order of creation: the answer of the claim was probably lost. Who claims them again
 * gives them a new revision, so that the first worker cannot start them any more.
 */
export function* lostClaims(
  view: Pick<TorcView, 'countOfStatus' | 'jobsOfStatus'>,
  workflow: Workflow,
  timeMicros: number,
): Generator<void, readonly Job[], void> {
  const seconds = timeoutOf(workflow);
  if (seconds === undefined || view.countOfStatus(workflow, 'submitted_pending') === 0) return [];
  const steps = new Steps();
  const lost: Job[] = [];
  for (const job of view.jobsOfStatus(workflow, 'submitted_pending')) {
    if (job.unit.changedMicros + seconds * MICROS_PER_SECOND <= timeMicros) lost.push(job);
    if (steps.isSlice()) yield;
  }
  return lost;
}
