import type { Nothing } from '#bus/contract.js';
import { membersOf } from '#contracts/raw-json.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { downstreamOf } from './job-graph.js';
import { Steps } from './steps.js';

/** Fields that a status document starts with, `run_id` excepted (Torc contract 2.3). */
const INITIAL_FIELDS = [
  ['is_canceled', 'false'],
  ['auto_tune_status', '{"enabled":false,"job_keys":[]}'],
  ['has_detected_need_to_run_completion_script', 'false'],
  ['scheduled_compute_node_ids', '[]'],
] as const;

/** `reset_status` (Torc contract 5.9). */
export const resetStatus = (view: TorcView, key: string, timeMicros: number): Decision<Nothing> => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  if (workflow.isArchived) return torcErrors.archived(key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  change.setStatus(INITIAL_FIELDS, { is_reset: true });
  return change.decided({});
};

/** `reset_job_status` (Torc contract 5.9): makes all jobs uninitialized, or the failed ones and what comes after them (D25). */
export function* resetJobs(
  view: TorcView,
  { workflow: key, failed_only: failedOnly }: { readonly workflow: string; readonly failed_only: boolean },
  timeMicros: number,
): SlicedDecision<Nothing> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  if (workflow.isArchived) return torcErrors.archived(key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  const reset = failedOnly ? yield* failedJobs(view, workflow) : yield* allJobs(view, workflow);
  change.move(reset, 'uninitialized');
  return change.decided({});
}

function* allJobs(view: TorcView, workflow: Workflow): Generator<void, Iterable<number>, void> {
  const steps = new Steps();
  const reset: number[] = [];
  for (const { ordinal, status } of view.states(workflow)) {
    if (status !== 'uninitialized') reset.push(ordinal);
    if (steps.isSlice()) yield;
  }
  return reset;
}

function* failedJobs(view: TorcView, workflow: Workflow): Generator<void, Iterable<number>, void> {
  const steps = new Steps();
  const codes = yield* returnCodes(view, workflow);
  const reset = new Set<number>();
  const failed: number[] = [];
  for (const job of view.jobs(workflow)) {
    const code = codes.get(job.key);
    if (code === undefined ? job.status === 'canceled' : code !== 0) {
      failed.push(job.ordinal);
      if (job.status !== 'uninitialized' && job.status !== 'disabled') reset.add(job.ordinal);
    }
    if (steps.isSlice()) yield;
  }
  for (const { ordinal, status } of (yield* downstreamOf(view, workflow, failed)).values()) {
    if (status !== 'uninitialized' && status !== 'disabled') reset.add(ordinal);
  }
  return reset;
}

/** Return codes of the current run, by key of the job: those of the newest results. */
function* returnCodes(view: TorcView, workflow: Workflow): Generator<void, ReadonlyMap<string, number>, void> {
  const steps = new Steps();
  const codes = new Map<string, number>();
  for (const { document } of view.documents(workflow, 'results')) {
    const members = membersOf(document);
    if (Number(members.get('run_id')) === workflow.runId) {
      codes.set(JSON.parse(members.get('job_key') ?? '""') as string, Number(members.get('return_code')));
    }
    if (steps.isSlice()) yield;
  }
  return codes;
}
