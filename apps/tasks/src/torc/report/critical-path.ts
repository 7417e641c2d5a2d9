import { Steps } from '../graph/steps.js';

/** Jobs in order of their ends, and how long they take, in any unit. */
export interface Path {
  readonly jobs: readonly number[];
  readonly length: number;
}

/**
 * The chain of jobs that took longest together, each one blocked by the one before. Jobs of a cycle, which edges that a client added may
 * make, are left out.
 *
 * @param edges pairs of jobs, a blocker and what it blocks; a pair may come more than once
 */
export function* criticalPath(
  durations: ReadonlyMap<number, number>,
  edges: Iterable<readonly [from: number, to: number]>,
): Generator<void, Path, void> {
  const steps = new Steps();
  const dependents = new Map<number, number[]>();
  const waiting = new Map<number, number>();
  for (const [from, to] of edges) {
    if (steps.isSlice()) yield;
    const known = dependents.get(from);
    if (known === undefined) dependents.set(from, [to]);
    else known.push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const ends = new Map<number, number>();
  const before = new Map<number, number>();
  const ready = [...durations.keys()].filter((job) => !waiting.has(job));
  let last: number | undefined;
  for (let job = ready.pop(); job !== undefined; job = ready.pop()) {
    if (steps.isSlice()) yield;
    const start = ends.get(before.get(job) ?? -1) ?? 0;
    const end = start + (durations.get(job) ?? 0);
    ends.set(job, end);
    if (last === undefined || end > (ends.get(last) ?? 0)) last = job;
    for (const dependent of dependents.get(job) ?? []) {
      const known = before.get(dependent);
      if (known === undefined || end > (ends.get(known) ?? 0)) before.set(dependent, job);
      const left = (waiting.get(dependent) ?? 1) - 1;
      waiting.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  const jobs: number[] = [];
  for (let job = last; job !== undefined; job = before.get(job)) jobs.push(job);
  return { jobs: jobs.reverse(), length: last === undefined ? 0 : (ends.get(last) ?? 0) };
}
