import type { JobState, TorcView, Workflow } from '../view.js';
import { Steps } from './steps.js';

/** What the end of a job leads to, by ordinal. */
export interface Released {
  readonly ready: ReadonlySet<number>;
  readonly canceled: ReadonlySet<number>;
}

/**
 * What follows for the jobs behind one that was not complete before and now is (Torc contract 5.5 step 3, D2, D3). The order of edges
 * does not matter: a job that became ready in the same change is canceled as one that was ready before.
 */
export function* releaseDependents(
  view: TorcView,
  workflow: Workflow,
  completed: number,
  hasFailed: boolean,
): Generator<void, Released, void> {
  const release = new Release(view, workflow, completed);
  const steps = new Steps();
  yield* release.completed(completed, hasFailed, steps);
  for (let canceled = release.takeCanceled(); canceled !== undefined; canceled = release.takeCanceled()) {
    yield* release.unwanted(canceled, steps);
    // D2: a job that is canceled here has failed for those behind it.
    yield* release.completed(canceled, true, steps);
  }
  return release;
}

class Release implements Released {
  readonly ready = new Set<number>();
  readonly canceled = new Set<number>();
  private readonly queue: number[] = [];
  private at = 0;
  /** By dependent: how many of its blockers have become complete here. */
  private readonly closed = new Map<number, number>();
  /** By blocker of a job that is canceled here: how many of its dependents are not canceled. */
  private readonly wanted = new Map<number, number>();

  constructor(
    private readonly view: TorcView,
    private readonly workflow: Workflow,
    private readonly first: number,
  ) {}

  /** The next canceled job whose neighbours have not been looked at. */
  takeCanceled(): number | undefined {
    this.at += 1;
    return this.queue[this.at - 1];
  }

  *completed(ordinal: number, hasFailed: boolean, steps: Steps): Generator<void, void, void> {
    for (const dependent of this.view.dependents(this.workflow, ordinal)) {
      if (steps.isSlice()) yield;
      const closed = (this.closed.get(dependent.ordinal) ?? 0) + 1;
      this.closed.set(dependent.ordinal, closed);
      if (dependent.status !== 'blocked' || this.canceled.has(dependent.ordinal)) continue;
      if (hasFailed && dependent.cancelsOnBlockingJobFailure) this.cancel(dependent.ordinal);
      else if (closed >= dependent.openBlockers) {
        if (this.wanted.get(dependent.ordinal) === 0) this.cancel(dependent.ordinal);
        else this.ready.add(dependent.ordinal);
      }
    }
  }

  /** D3: ready blockers of a canceled job whose dependents are all canceled need not run. */
  *unwanted(canceled: number, steps: Steps): Generator<void, void, void> {
    for (const blocker of this.view.blockers(this.workflow, canceled)) {
      const { ordinal, status } = blocker;
      const mayRun = status === 'ready' || status === 'blocked';
      if (!mayRun || ordinal === this.first) continue;
      const wanted = this.wanted.get(ordinal) ?? (yield* this.dependentsOf(blocker, steps));
      this.wanted.set(ordinal, wanted - 1);
      const isReady = status === 'ready' || this.ready.has(ordinal);
      if (wanted === 1 && isReady && !this.canceled.has(ordinal)) this.cancel(ordinal);
    }
  }

  private cancel(ordinal: number): void {
    this.ready.delete(ordinal);
    this.canceled.add(ordinal);
    this.queue.push(ordinal);
  }

  /** How many dependents were not canceled before this change. */
  private *dependentsOf({ ordinal }: JobState, steps: Steps): Generator<void, number, void> {
    let count = 0;
    for (const { status } of this.view.dependents(this.workflow, ordinal)) {
      if (status !== 'canceled') count += 1;
      if (steps.isSlice()) yield;
    }
    return count;
  }
}
