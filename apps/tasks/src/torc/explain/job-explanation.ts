import { formatTimestamp } from '#platform/clock.js';
import { membersOf } from '#contracts/raw-json.js';
import { fullId } from '#contracts/torc/ids.js';
import { requirementsOf } from '../job/requirements.js';
import { torcPolicy } from '../policy.js';
import type { Job, StateView, Workflow } from '../view.js';
import { Blockers } from './blockers.js';
import { jobReason } from './job-reason.js';
import { misfitsOf } from './misfits.js';
import type { SeenOffer } from './seen-offers.js';

/** Host of the compute node that started the job last. */
const hostOf = (view: StateView, workflow: Workflow, job: Job): string | undefined => {
  const executed = view.edgesTo(workflow, 'executed', job.ordinal).at(-1);
  const node = executed === undefined ? undefined : view.documentAt(workflow, 'compute_nodes', executed.from);
  return node === undefined ? undefined : (JSON.parse(membersOf(node.document).get('hostname') ?? '""') as string);
};

const returnCodeOf = (view: StateView, workflow: Workflow, job: Job): number | undefined => {
  const returned = view.edgesFrom(workflow, 'returned', job.ordinal).at(-1);
  const result = returned === undefined ? undefined : view.documentAt(workflow, 'results', returned.to);
  return result === undefined ? undefined : Number(membersOf(result.document).get('return_code'));
};

/** Parts of it go to clients as they are. */
export interface JobExplanation {
  readonly reason: string;
  readonly [member: string]: unknown;
}

/** Why a job is not running: the first thing that has to change as a sentence, and what it follows from. */
export const explainJob = (
  view: StateView,
  workflow: Workflow,
  job: Job,
  offers: readonly SeenOffer[],
): JobExplanation => {
  const { unit, status, outcome } = job;
  const blockers = new Blockers(view, workflow);
  const isBlocked = status === 'blocked';
  const open = blockers.open(job);
  const origins = isBlocked ? blockers.origins(job) : [];
  const requirements = requirementsOf(unit.requirements);
  const matched = offers.map((offer) => ({
    ...offer,
    misfits: misfitsOf(requirements, unit.site, offer.resources),
  }));
  const returnCode = returnCodeOf(view, workflow, job);
  return {
    job_id: fullId('jobs', workflow.key, job.key),
    workflow_key: workflow.key,
    reason: jobReason({
      ...{ status, open, origins, returnCode },
      isCanceled: workflow.isCanceled,
      isArchived: workflow.isArchived,
      offers: matched.map(({ misfits }) => misfits),
      host: hostOf(view, workflow, job),
    }),
    status,
    phase: torcPolicy.phaseOf(status, outcome),
    status_changed: formatTimestamp(unit.changedMicros),
    run_id: workflow.runId,
    blockers: { open: open.count, jobs: open.first, origins },
    requirements: { ...requirements, scheduler_config_id: unit.site },
    offers: matched.map(({ seenMicros, resources, found, misfits }) => ({
      ...{ seen: formatTimestamp(seenMicros), resources, found },
      ...{ fits: misfits.length === 0, misfits },
    })),
    return_code: returnCode ?? null,
  };
};
