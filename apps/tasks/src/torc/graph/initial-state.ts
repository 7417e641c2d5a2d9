import type { JobStatus } from '#contracts/torc/statuses.js';
import type { TorcView, Workflow } from '../view.js';
import type { WorkflowChange } from '../workflow-change.js';
import type { GraphJob } from './job-graph.js';
import { DEFAULT_GROUP, type Group, groupsOfJobs, needsOf, schedulersOfJobs } from './job-needs.js';
import { Steps } from './steps.js';

/** Contract 5.1 step 5, of a job whose blockers have got their statuses. */
export const initialStatus = (status: JobStatus, blockers: readonly JobStatus[]): JobStatus => {
  // D31: a blocker that is canceled now stays so in this pass, because blockers come first.
  const staysCanceled = blockers.every((blocker) => blocker === 'done' || blocker === 'canceled');
  if (status === 'canceled' && staysCanceled) return status;
  if (blockers.some((blocker) => blocker !== 'done')) return 'blocked';
  return status === 'done' ? status : 'ready';
};

/** Step 3 for jobs, together with their statuses: one event for all jobs that get the same. Without a status it stays. */
export function* fillInternal(
  view: TorcView,
  workflow: Workflow,
  jobs: Iterable<GraphJob>,
  statuses: ReadonlyMap<GraphJob, JobStatus>,
  change: WorkflowChange,
): Generator<void, void, void> {
  const steps = new Steps();
  const groups = yield* groupsOfJobs(view, workflow);
  const schedulers = yield* schedulersOfJobs(view, workflow);
  const kinds = new Map<Group, Map<string, OrdinalsByStatus>>();
  for (const job of jobs) {
    const { ordinal } = job.state;
    const ofGroup = entryOf(kinds, groups.get(ordinal) ?? DEFAULT_GROUP, () => new Map<string, OrdinalsByStatus>());
    const ofScheduler = entryOf(ofGroup, schedulers.get(ordinal) ?? '', (): OrdinalsByStatus => new Map());
    entryOf(ofScheduler, statuses.get(job), (): number[] => []).push(ordinal);
    if (steps.isSlice()) yield;
  }
  for (const [group, ofGroup] of kinds) {
    const requirements = needsOf(group);
    for (const [scheduler, ofScheduler] of ofGroup) {
      for (const [status, ordinals] of ofScheduler) {
        change.initialize(ordinals, { requirements, scheduler, ...(status !== undefined && { status }) });
        yield;
      }
    }
  }
}

/** Undefined: the status stays. */
type OrdinalsByStatus = Map<JobStatus | undefined, number[]>;

const entryOf = <Key, Value>(map: Map<Key, Value>, key: Key, made: () => Value): Value => {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = made()));
  return value;
};
