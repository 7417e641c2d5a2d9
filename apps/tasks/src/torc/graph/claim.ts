import { membersOf } from '#contracts/raw-json.js';
import type { ClaimReply, ClaimJobsRequest } from '#contracts/torc/jobs.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { type ClassIndex, type IndexKind, isWithin } from '../../engine/class-index.js';
import type { ReadyEntry } from '../../engine/ready.js';
import { ReadyWalk } from '../../engine/ready-walk.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import { ASKS_FOR_NODES } from '../job/added-jobs.js';
import { jobDocument } from '../job/job-document.js';
import { READY_QUEUE } from '../status-table.js';
import { torcErrors } from '../torc-errors.js';
import type { Job, TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { CLAIM_ORDERS, needsOf } from './claim-order.js';
import { lostClaims } from './lost-claims.js';
import { amountsOf, EVERYTHING, isOfScheduler, isUsedUp, type Offer, offerOf, without } from './offer.js';
import { arePacked } from './packing.js';
import { Steps } from './steps.js';
import { whyNothingFits } from './unfit.js';

/** Jobs of one answer (Torc contract 5.2). */
const CLAIM_MAX = 100_000;

const CLAIMED: JobStatus = 'submitted_pending';

/** Jobs examined that wait for a retry: if so many of the best ones wait, a claim gets no others. */
const WAITING_MAX = 1_000;

/** Jobs that ask for nodes, read at a time. */
const CHUNK = 500;

/** `prepare_jobs_for_submission` (Torc contract 5.2): hands out ready jobs that fit together into what a worker offers. */
export function* claimJobs(view: TorcView, request: ClaimJobsRequest, timeMicros: number): SlicedDecision<ClaimReply> {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  if (workflow.isCanceled) return nothing(`workflow ${workflow.key} is canceled`);
  const limit = Math.min(request.limit, CLAIM_MAX);
  if (limit <= 0) return nothing('the limit is 0');
  const offer = offerOf(request.resources);
  if (yield* arePacked(view, workflow, offer, timeMicros)) {
    return nothing('workers that have jobs take what is left');
  }
  const taken =
    offer.seconds < 0 ? [] : yield* take(view, workflow, CLAIM_ORDERS[request.sort_method], offer, limit, timeMicros);
  if (taken.length === 0) return nothing(whyNothingFits(view, workflow, offer));
  return claimed(view, workflow, taken, timeMicros);
}

/** `prepare_next_jobs_for_submission` (Torc contract 5.8): hands out ready jobs whatever they need, in order of creation. */
export function* claimNextJobs(
  view: TorcView,
  request: { readonly workflow: string; readonly limit: number },
  timeMicros: number,
): SlicedDecision<ClaimReply> {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  if (workflow.isCanceled) return nothing('');
  const limit = Math.min(request.limit, CLAIM_MAX);
  const taken = yield* take(view, workflow, CLAIM_ORDERS.none, EVERYTHING, limit, timeMicros);
  return claimed(view, workflow, taken, timeMicros);
}

/** Whether a job waits for a retry. Few have failed. */
const isWaiting = (view: TorcView, workflow: Workflow, { ordinal, unit }: Job, timeMicros: number): boolean =>
  unit.failures > 0 && view.notBeforeMicros(workflow, ordinal) > timeMicros;

/** Contract 5.2 step 3. Nodes and time are compared, but not used up. */
function* take(
  view: TorcView,
  workflow: Workflow,
  order: IndexKind<ClassIndex>,
  offer: Offer,
  limit: number,
  timeMicros: number,
): Generator<void, readonly Job[], void> {
  const steps = new Steps();
  const taken: Job[] = [];
  let waiting = 0;
  let left = amountsOf(offer);
  const index = yield* view.ready.inOrder(READY_QUEUE, workflow.key, order);
  const walk = new ReadyWalk(view.ready, index, {
    left: () => left,
    accepts: ({ ready }) => isOfScheduler(ready, offer),
  });
  while (taken.length < limit) {
    const fitting = walk.take();
    if (fitting === undefined) break;
    if (steps.isSlice()) yield;
    const job = view.jobAt(workflow, ordinalOfKey(fitting.entry.key));
    if (job === undefined) continue;
    if (isWaiting(view, workflow, job, timeMicros)) {
      waiting += 1;
      if (waiting >= WAITING_MAX) break;
      continue;
    }
    taken.push(job);
    left = without(left, fitting.amounts);
    if (isUsedUp(left)) return taken;
  }
  for (const job of yield* lostClaims(view, workflow, timeMicros)) {
    if (taken.length >= limit || isUsedUp(left)) break;
    const needs = needsOf(job.unit);
    if (!isWithin(needs, left) || !isOfScheduler(job.unit, offer)) continue;
    taken.push(job);
    left = without(left, needs);
  }
  return taken;
}

const nothing = (reason: string): { events: []; reply: ClaimReply } => ({
  events: [],
  reply: { documents: [], reason },
});

const claimed = (view: TorcView, workflow: Workflow, jobs: readonly Job[], timeMicros: number) => {
  const change = new WorkflowChange(view, workflow, timeMicros);
  change.move(
    jobs.map(({ ordinal }) => ordinal),
    CLAIMED,
  );
  const documents = jobs.map((job) => jobDocument({ ...job, status: CLAIMED, writes: job.writes + 1 }, workflow));
  return change.decided<ClaimReply>({ documents, reason: '' });
};

/** `prepare_jobs_for_scheduling` (Torc contract 5.8): ready jobs that ask for nodes become scheduled. */
export function* scheduleJobs(
  view: TorcView,
  key: string,
  timeMicros: number,
): SlicedDecision<{ schedulers: readonly string[] }> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  if (workflow.isCanceled) return change.decided({ schedulers: [] });
  const asking = yield* jobsAskingForNodes(view, workflow);
  change.move(
    asking.map(({ ordinal }) => ordinal),
    'scheduled',
  );
  return change.decided({
    schedulers: asking.flatMap(({ document }) => membersOf(document).get('schedule_compute_nodes') ?? []),
  });
}

/** Ready jobs with `schedule_compute_nodes`, in order of creation. They have a label: the others are not looked at. */
function* jobsAskingForNodes(view: TorcView, workflow: Workflow): Generator<void, readonly Job[], void> {
  const asking: Job[] = [];
  for (const ready of view.ready.classesOf(READY_QUEUE, workflow.key)) {
    if (ready.label !== ASKS_FOR_NODES) continue;
    let after: ReadyEntry | undefined;
    for (;;) {
      const entries = view.ready.entries(ready, after, CHUNK);
      for (const { key } of entries) {
        const job = view.jobAt(workflow, ordinalOfKey(key));
        // Jobs that are scheduled already may be claimed too.
        if (job?.status === 'ready') asking.push(job);
      }
      yield;
      if (entries.length < CHUNK) break;
      after = entries.at(-1);
    }
  }
  return asking.sort((one, other) => one.ordinal - other.ordinal);
}
