import { membersOf } from '#contracts/raw-json.js';
import type { ClaimReply, SortMethod, WorkerResources } from '#contracts/torc/jobs.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import { jobDocument } from '../job/job-document.js';
import type { JobRequirements } from '../job/requirements.js';
import { torcErrors } from '../torc-errors.js';
import type { Job, TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { fits, type Offer, offerOf } from './offer.js';
import { type CompareNeeds, type ReadyKinds, ReadyWalk } from './ready-jobs.js';
import { Steps } from './steps.js';
import { whyNothingFits } from './unfit.js';

/** Jobs of one answer (Torc contract 5.2). */
const CLAIM_MAX = 100_000;

const CLAIMED: JobStatus = 'submitted_pending';

/** Contract 5.2 step 2: negative when `one` comes first. */
const ORDERS: Readonly<Record<SortMethod, CompareNeeds>> = {
  gpus_runtime_memory: (one, other) =>
    other.num_gpus - one.num_gpus ||
    other.runtime_seconds - one.runtime_seconds ||
    other.memory_bytes - one.memory_bytes,
  gpus_memory_runtime: (one, other) =>
    other.num_gpus - one.num_gpus ||
    other.memory_bytes - one.memory_bytes ||
    other.runtime_seconds - one.runtime_seconds,
  none: () => 0,
};

export interface ClaimRequest {
  readonly workflow: string;
  readonly resources: WorkerResources;
  readonly sort_method: SortMethod;
  readonly limit: number;
}

/** `prepare_jobs_for_submission` (Torc contract 5.2): hands out ready jobs that fit together into what a worker offers. */
export function* claimJobs(
  view: TorcView,
  kinds: ReadyKinds,
  request: ClaimRequest,
  timeMicros: number,
): SlicedDecision<ClaimReply> {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  if (workflow.isCanceled) return nothing(`workflow ${workflow.key} is canceled`);
  const limit = Math.min(request.limit, CLAIM_MAX);
  if (limit <= 0) return nothing('the limit is 0');
  const offer = offerOf(request.resources);
  const all = kinds.of(view.ready, workflow.key);
  const walk = new ReadyWalk(
    view.ready,
    all.filter((kind) => fits(kind, offer)),
    ORDERS[request.sort_method],
  );
  const taken = yield* takeWhileFitting(view, workflow, walk, offer, limit);
  if (taken.length === 0) return nothing(whyNothingFits(view, workflow, all, offer));
  return claimed(view, workflow, taken, timeMicros);
}

/** `prepare_next_jobs_for_submission` (Torc contract 5.8): hands out ready jobs whatever they need. */
export function* claimNextJobs(
  view: TorcView,
  kinds: ReadyKinds,
  request: { readonly workflow: string; readonly limit: number },
  timeMicros: number,
): SlicedDecision<ClaimReply> {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  if (workflow.isCanceled) return nothing('');
  const walk = new ReadyWalk(view.ready, kinds.of(view.ready, workflow.key), ORDERS.none);
  const steps = new Steps();
  const taken: Job[] = [];
  const limit = Math.min(request.limit, CLAIM_MAX);
  while (taken.length < limit) {
    const entry = walk.take();
    if (entry === undefined) break;
    const job = view.jobAt(workflow, ordinalOfKey(entry.key));
    if (job !== undefined) taken.push(job);
    if (steps.isSlice()) yield;
  }
  return claimed(view, workflow, taken, timeMicros);
}

/** Contract 5.2 step 3. Nodes and time are compared, but not used up. */
function* takeWhileFitting(
  view: TorcView,
  workflow: Workflow,
  walk: ReadyWalk,
  offer: Offer,
  limit: number,
): Generator<void, readonly Job[], void> {
  const steps = new Steps();
  const taken: Job[] = [];
  let { num_cpus: cpus, num_gpus: gpus, memory_bytes: memory } = offer;
  const isFitting = (needs: JobRequirements): boolean =>
    needs.num_cpus <= cpus && needs.num_gpus <= gpus && needs.memory_bytes <= memory;
  for (let { needs } = walk; needs !== undefined && taken.length < limit; { needs } = walk) {
    if (steps.isSlice()) yield;
    if (!isFitting(needs)) {
      walk.skipKind();
      continue;
    }
    const entry = walk.take();
    const job = entry === undefined ? undefined : view.jobAt(workflow, ordinalOfKey(entry.key));
    if (job === undefined) continue;
    taken.push(job);
    cpus -= needs.num_cpus;
    gpus -= needs.num_gpus;
    memory -= needs.memory_bytes;
    if (cpus <= 0 || memory <= 0) break;
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
  const steps = new Steps();
  const ordinals: number[] = [];
  const schedulers: string[] = [];
  for (const { ordinal, document } of view.jobsOfStatus(workflow, 'ready')) {
    const asked = document.includes('"schedule_compute_nodes"')
      ? membersOf(document).get('schedule_compute_nodes')
      : undefined;
    if (asked?.startsWith('{') === true) {
      ordinals.push(ordinal);
      schedulers.push(asked);
    }
    if (steps.isSlice()) yield;
  }
  change.move(ordinals, 'scheduled');
  return change.decided({ schedulers });
}
