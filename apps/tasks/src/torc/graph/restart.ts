import { DomainError } from '#platform/domain-error.js';
import type { RestartRequest } from '#contracts/torc/graph.js';
import { partsOfId } from '#contracts/torc/ids.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { fillInternal, initialStatus } from './initial-state.js';
import { type GraphJob, JobGraph } from './job-graph.js';
import { Steps } from './steps.js';

/** Running jobs that an error names. */
const NAMED_MAX = 10;

/**
 * Not Torc's: resets chosen jobs and what comes after them, in the current run, while other jobs run on. What was canceled because its
 * output was not wanted any more is reset with those that want it again. With `initialize`, they become ready or blocked at once, by the
 * rules of initialization.
 */
export function* restartJobs(
  view: TorcView,
  { workflow: key, jobs: ids, initialize, dry_run: isDryRun }: RestartRequest,
  timeMicros: number,
): SlicedDecision<{ keys: readonly string[]; running: readonly string[] }> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  if (workflow.isArchived) return torcErrors.archived(key);
  const graph = yield* JobGraph.read(view, workflow);
  const chosen = yield* chosenJobs(view, workflow, graph, ids);
  if (chosen instanceof DomainError) return chosen;
  const affected = yield* affectedBy(graph, chosen);
  const changing = initialize ? affected : affected.filter(({ state }) => state.status !== 'uninitialized');
  const keysOf = (jobs: readonly GraphJob[]): string[] => jobs.map(({ state }) => view.keyAt(workflow, state.ordinal));
  const running = keysOf(changing.filter(({ state }) => state.status.startsWith('submitted')));
  const reply = { keys: keysOf(changing), running };
  if (isDryRun) return { events: [], reply };
  if (running.length > 0) {
    const named = running.slice(0, NAMED_MAX).join(', ');
    return torcErrors.badState(`${running.length} of these jobs are claimed or running, such as ${named}`);
  }
  const change = new WorkflowChange(view, workflow, timeMicros);
  if (initialize) {
    const order = yield* graph.inOrder(view, workflow);
    if (order instanceof DomainError) return order;
    yield* fillInternal(view, workflow, affected, yield* initialStatuses(order, new Set(affected)), change);
  } else {
    change.move(
      changing.map(({ state }) => state.ordinal),
      'uninitialized',
    );
  }
  return change.decided(reply);
}

/** @param ids keys or full ids */
function* chosenJobs(
  view: TorcView,
  workflow: Workflow,
  graph: JobGraph,
  ids: readonly string[],
): Generator<void, readonly GraphJob[] | DomainError, void> {
  const steps = new Steps();
  const chosen: GraphJob[] = [];
  for (const id of ids) {
    const key = partsOfId(id)?.key ?? id;
    const job = graph.jobs.get(view.job(workflow, key)?.ordinal ?? 0);
    if (job === undefined) return torcErrors.noDocument('job', key, workflow.key);
    chosen.push(job);
    if (steps.isSlice()) yield;
  }
  return chosen;
}

/** These jobs, what comes after them through disabled jobs (D27), and canceled jobs that any of them waits for; in order of creation. */
function* affectedBy(graph: JobGraph, chosen: readonly GraphJob[]): Generator<void, readonly GraphJob[], void> {
  const steps = new Steps();
  const first = new Set(chosen);
  const reached = new Set(first);
  for (const job of reached) {
    for (const dependent of job.dependents) reached.add(dependent);
    for (const blocker of job.blockers) if (blocker.state.status === 'canceled') reached.add(blocker);
    if (steps.isSlice()) yield;
  }
  const affected: GraphJob[] = [];
  for (const job of graph.jobs.values()) {
    const isReset = first.has(job) || (reached.has(job) && job.state.status !== 'disabled');
    if (isReset) affected.push(job);
    if (steps.isSlice()) yield;
  }
  return affected;
}

/** Statuses of the affected jobs, as at initialization. */
function* initialStatuses(
  order: readonly GraphJob[],
  affected: ReadonlySet<GraphJob>,
): Generator<void, ReadonlyMap<GraphJob, JobStatus>, void> {
  const steps = new Steps();
  const statuses = new Map<GraphJob, JobStatus>();
  const statusOf = (job: GraphJob): JobStatus => statuses.get(job) ?? job.state.status;
  for (const job of order) {
    if (affected.has(job)) statuses.set(job, initialStatus('uninitialized', job.blockers.map(statusOf)));
    if (steps.isSlice()) yield;
  }
  return statuses;
}
