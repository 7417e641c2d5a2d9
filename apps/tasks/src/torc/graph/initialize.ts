import type { InitializeJobsRequest } from '#contracts/torc/graph.js';
import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { clearEphemeralData } from './ephemeral-data.js';
import { fillInternal, initialStatus } from './initial-state.js';
import { type GraphJob, JobGraph } from './job-graph.js';
import { Steps } from './steps.js';

/** Bounds the memory of one change: files with many producers and many consumers multiply. */
const NEW_EDGES_MAX = 2_000_000;

type Pairs = (readonly [blocker: number, dependent: number])[];

/** `initialize_jobs` (Torc contract 5.1): one change, whatever the number of jobs. */
export function* initializeJobs(
  view: TorcView,
  request: InitializeJobsRequest,
  timeMicros: number,
): SlicedDecision<Nothing> {
  const workflow = view.workflow(request.workflow);
  if (workflow === undefined) return torcErrors.noWorkflow(request.workflow);
  if (workflow.isArchived) return torcErrors.archived(workflow.key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  if (request.clear_ephemeral_user_data) yield* clearEphemeralData(view, workflow, change);
  const graph = yield* JobGraph.read(view, workflow);
  for (const [writes, reads] of [['produces', 'needs'] as const, ['stores', 'consumes'] as const]) {
    const pairs = yield* derivedPairs(view, workflow, graph, writes, reads);
    if (pairs instanceof DomainError) return pairs;
    yield* change.block(pairs);
  }
  const order = yield* graph.inOrder(view, workflow);
  if (order instanceof DomainError) return order;
  const statuses = yield* initialStatuses(graph, order, request.only_uninitialized);
  yield* fillInternal(view, workflow, graph.jobs.values(), statuses, change);
  return change.decided({});
}

/** Pairs of jobs where one writes what the other reads, and that no edge joins yet (step 2). Adds them to the graph. */
function* derivedPairs(
  view: TorcView,
  workflow: Workflow,
  graph: JobGraph,
  writes: EdgeName,
  reads: EdgeName,
): Generator<void, Pairs | DomainError, void> {
  const steps = new Steps();
  const things = new Map<number, { readonly writers: number[]; readonly readers: number[] }>();
  for (const [job, thing] of view.ends(workflow, writes)) {
    const known = things.get(thing);
    if (known === undefined) things.set(thing, { writers: [job], readers: [] });
    else known.writers.push(job);
    if (steps.isSlice()) yield;
  }
  for (const [job, thing] of view.ends(workflow, reads)) {
    things.get(thing)?.readers.push(job);
    if (steps.isSlice()) yield;
  }
  const pairs: Pairs = [];
  for (const { writers, readers } of things.values()) {
    for (const writer of writers) {
      for (const reader of readers) {
        if (graph.block(writer, reader)) pairs.push([writer, reader]);
        if (steps.isSlice()) yield;
      }
      if (pairs.length > NEW_EDGES_MAX) {
        return torcErrors.bad(
          `files and user data of workflow ${workflow.key} make more than ${NEW_EDGES_MAX} edges blocks`,
        );
      }
    }
  }
  return pairs;
}

/** The status of each job after initialization (steps 4 and 5): absent where it stays. */
function* initialStatuses(
  graph: JobGraph,
  order: readonly GraphJob[],
  onlyUninitialized: boolean,
): Generator<void, ReadonlyMap<GraphJob, JobStatus>, void> {
  const steps = new Steps();
  const reset = yield* afterUninitialized(graph);
  const statuses = new Map<GraphJob, JobStatus>();
  const statusOf = (job: GraphJob): JobStatus => statuses.get(job) ?? job.state.status;
  for (const job of order) {
    const before = reset.has(job) ? 'uninitialized' : job.state.status;
    const isConsidered = before !== 'disabled' && (!onlyUninitialized || before === 'uninitialized');
    const after = isConsidered ? initialStatus(before, job.blockers.map(statusOf)) : before;
    if (after !== job.state.status) statuses.set(job, after);
    if (steps.isSlice()) yield;
  }
  return statuses;
}

/** Uninitialized jobs and all that come after them: these become uninitialized too, disabled ones excepted (step 4, D27). */
function* afterUninitialized(graph: JobGraph): Generator<void, ReadonlySet<GraphJob>, void> {
  const steps = new Steps();
  const reached = new Set<GraphJob>();
  for (const job of graph.jobs.values()) {
    if (job.state.status === 'uninitialized') reached.add(job);
    if (steps.isSlice()) yield;
  }
  for (const job of reached) {
    for (const dependent of job.dependents) reached.add(dependent);
    if (steps.isSlice()) yield;
  }
  for (const job of reached) {
    if (job.state.status === 'disabled') reached.delete(job);
    if (steps.isSlice()) yield;
  }
  return reached;
}
