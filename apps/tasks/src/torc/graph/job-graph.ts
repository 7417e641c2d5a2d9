import { DomainError } from '#platform/domain-error.js';
import { torcErrors } from '../torc-errors.js';
import { Steps } from './steps.js';
import type { JobState, TorcView, Workflow } from '../view.js';

/** Jobs of a cycle that an error names. */
const NAMED_MAX = 10;

/** A job in a {@link JobGraph}. */
export interface GraphJob {
  readonly state: JobState;
  readonly dependents: Set<GraphJob>;
  readonly blockers: GraphJob[];
}

/** All jobs of a workflow and which of them block which, in memory: for decisions about all of them. */
export class JobGraph {
  /** In order of creation. */
  readonly jobs = new Map<number, GraphJob>();

  static *read(view: TorcView, workflow: Workflow): Generator<void, JobGraph, void> {
    const graph = new JobGraph();
    const steps = new Steps();
    for (const state of view.states(workflow)) {
      graph.jobs.set(state.ordinal, { state, dependents: new Set(), blockers: [] });
      if (steps.isSlice()) yield;
    }
    for (const [blocker, dependent] of view.ends(workflow, 'blocks')) {
      graph.block(blocker, dependent);
      if (steps.isSlice()) yield;
    }
    return graph;
  }

  /** Makes one job block another. Whether they are two jobs that were not joined before. */
  block(blocker: number, dependent: number): boolean {
    const [from, to] = [this.jobs.get(blocker), this.jobs.get(dependent)];
    if (from === undefined || to === undefined || from === to || from.dependents.has(to)) return false;
    from.dependents.add(to);
    to.blockers.push(from);
    return true;
  }

  /** All jobs, each after those that block it. */
  *inOrder(view: TorcView, workflow: Workflow): Generator<void, readonly GraphJob[] | DomainError, void> {
    const steps = new Steps();
    const open = new Map<GraphJob, number>();
    const order: GraphJob[] = [];
    for (const job of this.jobs.values()) {
      if (job.blockers.length === 0) order.push(job);
      else open.set(job, job.blockers.length);
      if (steps.isSlice()) yield;
    }
    for (const job of order) {
      for (const dependent of job.dependents) {
        const left = (open.get(dependent) ?? 0) - 1;
        if (left > 0) open.set(dependent, left);
        else {
          open.delete(dependent);
          order.push(dependent);
        }
        if (steps.isSlice()) yield;
      }
    }
    const [stuck] = open.keys();
    return stuck === undefined ? order : cycleError(view, workflow, stuck, open);
  }
}

/** Follows blockers that are in or behind a cycle until one comes twice (D37). */
const cycleError = (
  view: TorcView,
  workflow: Workflow,
  stuck: GraphJob,
  open: ReadonlyMap<GraphJob, number>,
): DomainError => {
  const path = new Set<GraphJob>();
  let job: GraphJob | undefined = stuck;
  while (job !== undefined && !path.has(job)) {
    path.add(job);
    job = job.blockers.find((blocker) => open.has(blocker));
  }
  const cycle = [...path].slice(job === undefined ? 0 : [...path].indexOf(job)).reverse();
  const names = cycle.slice(0, NAMED_MAX).map(({ state }) => view.keyAt(workflow, state.ordinal));
  const more = cycle.length > names.length ? ' and others' : '';
  return torcErrors.bad(`jobs ${names.join(', ')}${more} of workflow ${workflow.key} block each other in a cycle`);
};

/** The states of all jobs that come after these, breadth first: of a given one only if another leads to it. */
export function* downstreamOf(
  view: TorcView,
  workflow: Workflow,
  ordinals: Iterable<number>,
): Generator<void, ReadonlyMap<number, JobState>, void> {
  const steps = new Steps();
  const reached = new Map<number, JobState>();
  const queue = [...ordinals];
  const expanded = new Set(queue);
  for (const ordinal of queue) {
    for (const dependent of view.dependents(workflow, ordinal)) {
      reached.set(dependent.ordinal, dependent);
      if (!expanded.has(dependent.ordinal)) {
        expanded.add(dependent.ordinal);
        queue.push(dependent.ordinal);
      }
      if (steps.isSlice()) yield;
    }
  }
  return reached;
}
