import type { DomainError } from '#platform/domain-error.js';
import { fullId } from '#contracts/torc/ids.js';
import { JOB_STATUSES } from '#contracts/torc/statuses.js';
import { GIB } from '#contracts/torc/values.js';
import type { ReportedJob, WorkflowReport } from '#contracts/torc/workflows.js';
import { nameOfDocument } from '../document-name.js';
import { groupsOfJobs } from '../graph/job-needs.js';
import { Steps } from '../graph/steps.js';
import { torcErrors } from '../torc-errors.js';
import type { StateView, Workflow } from '../view.js';
import { criticalPath, type Path } from './critical-path.js';
import { GroupUse } from './resource-use.js';

/** Jobs of the critical path that are named. */
const PATH_MAX = 200;

/** Fields of documents that the report reads; clients wrote them, so that any may be missing. */
interface Result {
  readonly exec_time_minutes: number;
  readonly return_code: number;
}
interface ProcessStats {
  readonly max_cpu_percent: number;
  readonly max_rss: number;
}

/** The last result or measurement of each job, by ordinal of the job. */
function* lastOfJobs<Fields>(
  view: StateView,
  workflow: Workflow,
  edge: 'returned' | 'process_used',
  collection: 'results' | 'job_process_stats',
): Generator<void, ReadonlyMap<number, Fields>, void> {
  const steps = new Steps();
  const jobs = new Map<number, number>();
  for (const [job, document] of view.ends(workflow, edge)) {
    jobs.set(document, job);
    if (steps.isSlice()) yield;
  }
  const last = new Map<number, Fields>();
  for (const { ordinal, document } of view.documents(workflow, collection)) {
    if (steps.isSlice()) yield;
    const job = jobs.get(ordinal);
    if (job !== undefined) last.set(job, JSON.parse(document) as Fields);
  }
  return last;
}

/** From the first start of a job to the last end, as the events of the server tell. */
function* elapsedMinutes(view: StateView, workflow: Workflow): Generator<void, number | null, void> {
  const steps = new Steps();
  let [first, last] = [Infinity, -Infinity];
  for (const { document } of view.documentsWith(workflow, 'events', 'job')) {
    if (steps.isSlice()) yield;
    const { timestamp } = JSON.parse(document) as { readonly timestamp: number };
    first = Math.min(first, timestamp);
    last = Math.max(last, timestamp);
  }
  return first <= last ? (last - first) / 60_000 : null;
}

/** The longest jobs of a path, in its order. */
const longestOf = (
  view: StateView,
  workflow: Workflow,
  { jobs }: Path,
  durations: ReadonlyMap<number, number>,
): readonly ReportedJob[] => {
  const minutesOf = (ordinal: number): number => durations.get(ordinal) ?? 0;
  let start = 0;
  const placed = jobs.map((ordinal) => {
    const job = { ordinal, minutes: minutesOf(ordinal), start };
    start += job.minutes;
    return job;
  });
  const longest = placed.toSorted((one, other) => other.minutes - one.minutes).slice(0, PATH_MAX);
  return longest
    .sort((one, other) => one.start - other.start)
    .flatMap(({ ordinal, minutes, start: start_minutes }) => {
      const job = view.jobAt(workflow, ordinal);
      if (job === undefined) return [];
      const name = nameOfDocument(job.document) ?? null;
      return { job_id: fullId('jobs', workflow.key, job.key), name, minutes, start_minutes };
    });
};

/** What became of a workflow: how its jobs ended, what took longest, and what they used of what they asked for. */
export function* reportWorkflow(view: StateView, key: string): Generator<void, WorkflowReport | DomainError, void> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const steps = new Steps();
  const results = yield* lastOfJobs<Result>(view, workflow, 'returned', 'results');
  const measured = yield* lastOfJobs<ProcessStats>(view, workflow, 'process_used', 'job_process_stats');
  const groups = yield* groupsOfJobs(view, workflow);
  const durations = new Map<number, number>();
  const uses = new Map<number | undefined, GroupUse>();
  let [work, failed] = [0, 0];
  for (const { ordinal } of view.states(workflow)) {
    if (steps.isSlice()) yield;
    const [result, stats, group] = [results.get(ordinal), measured.get(ordinal), groups.get(ordinal)];
    const minutes = result?.exec_time_minutes;
    durations.set(ordinal, minutes ?? 0);
    work += minutes ?? 0;
    if (result !== undefined && result.return_code !== 0) failed += 1;
    let use = uses.get(group?.ordinal);
    if (use === undefined) uses.set(group?.ordinal, (use = new GroupUse(group)));
    const cpus = stats === undefined ? undefined : stats.max_cpu_percent / 100;
    use.add({ cpus, memoryGb: stats === undefined ? undefined : stats.max_rss / GIB, minutes });
  }
  const path = yield* criticalPath(durations, view.ends(workflow, 'blocks'));
  return {
    ...{ workflow_key: workflow.key, name: nameOfDocument(workflow.document) ?? null, run_id: workflow.runId },
    jobs: Object.fromEntries(JOB_STATUSES.map((status) => [status, view.countOfStatus(workflow, status)])),
    failed_jobs: failed,
    work_minutes: work,
    elapsed_minutes: yield* elapsedMinutes(view, workflow),
    critical_path: {
      minutes: path.length,
      length: path.jobs.length,
      jobs: longestOf(view, workflow, path, durations),
    },
    groups: [...uses.values()].map((use) => use.reported(view, workflow)),
  };
}
