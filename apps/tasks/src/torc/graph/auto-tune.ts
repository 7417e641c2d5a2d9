import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { membersOf } from '#contracts/raw-json.js';
import { GIB } from '#contracts/torc/values.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { Job, StoredDocument, TorcView, Workflow } from '../view.js';
import { onlyUnit, WorkflowChange, withFields } from '../workflow-change.js';
import { DEFAULT_GROUP, groupOf, groupsOfJobs } from './job-needs.js';
import { Steps } from './steps.js';

interface AutoTuneStatus {
  readonly enabled: boolean;
  readonly job_keys: readonly string[];
}

interface Config {
  readonly compute_node_resource_stats?: { readonly process?: boolean };
}

/** `auto_tune_resource_requirements` (Torc contract 5.12): lets only the first job of each group run, to measure it. */
export function* enableAutoTune(view: TorcView, key: string, timeMicros: number): SlicedDecision<Nothing> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const { compute_node_resource_stats: stats } = JSON.parse(workflow.config) as Config;
  if (stats?.process !== true) {
    return torcErrors.badState(`the config of workflow ${key} does not measure processes: auto-tuning needs that`);
  }
  const steps = new Steps();
  const groups = yield* groupsOfJobs(view, workflow);
  const first = new Map<string, string>();
  const disabled: number[] = [];
  for (const job of view.jobs(workflow)) {
    if (steps.isSlice()) yield;
    if (job.status === 'blocked') continue;
    const { name = '' } = groups.get(job.ordinal) ?? DEFAULT_GROUP;
    if (!first.has(name)) first.set(name, job.key);
    else if (job.status === 'disabled') return torcErrors.badState(`job ${job.key} is disabled already`);
    else disabled.push(job.ordinal);
  }
  const change = new WorkflowChange(view, workflow, timeMicros);
  change.move(disabled, 'disabled');
  change.setStatus([autoTune({ enabled: true, job_keys: [...first.values()] })]);
  return change.decided({});
}

const autoTune = (status: AutoTuneStatus) => ['auto_tune_status', JSON.stringify(status)] as const;

/** `process_auto_tune_resource_requirements_results` (Torc contract 5.12): sets groups to what their first job has used. */
export function* processAutoTune(view: TorcView, key: string, timeMicros: number): SlicedDecision<Nothing> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const raw = membersOf(workflow.status).get('auto_tune_status') ?? '{}';
  const { job_keys: keys = [] } = JSON.parse(raw) as Partial<AutoTuneStatus>;
  const listed = new Set<number>();
  const groups = new Map<number, StoredDocument>();
  const updates: Update[] = [];
  for (const jobKey of keys) {
    const job = view.job(workflow, jobKey);
    if (job === undefined) return torcErrors.badState(`job ${jobKey} does not exist in workflow ${key}`);
    listed.add(job.ordinal);
    const update = measured(view, workflow, job, groups);
    if (update instanceof DomainError) return update;
    if (update !== undefined) updates.push(update);
  }
  const enabled = yield* unlistedJobs(view, workflow, listed);
  if (enabled instanceof DomainError) return enabled;
  const change = new WorkflowChange(view, workflow, timeMicros);
  for (const update of updates) recordUpdate(change, update);
  change.move(enabled, 'uninitialized');
  change.setStatus([autoTune({ enabled: false, job_keys: keys })]);
  return change.decided({});
}

interface Update {
  readonly ordinal: number;
  readonly key: string;
  /** Raw JSON. */
  readonly before: string;
  readonly after: string;
}

/** What the newest measurements of a job mean for its group; undefined for a job without one (D40). */
const measured = (
  view: TorcView,
  workflow: Workflow,
  job: Job,
  groups: Map<number, StoredDocument>,
): Update | undefined | DomainError => {
  const stats = newest(view, workflow, 'job_process_stats', job.key);
  if (stats === undefined) return torcErrors.badState(`job ${job.key} has no process stats`);
  const result = newest(view, workflow, 'results', job.key, workflow.runId);
  if (result === undefined) return torcErrors.badState(`job ${job.key} has no result of run ${workflow.runId}`);
  const [edge] = view.edgesFrom(workflow, 'requires', job.ordinal);
  const group =
    edge === undefined
      ? undefined
      : (groups.get(edge.to) ?? view.documentAt(workflow, 'resource_requirements', edge.to));
  if (group === undefined) return undefined;
  const after = withFields(group.document, [
    ['num_cpus', String(Math.max(1, Math.ceil(Number(stats.get('max_cpu_percent')) / 100)))],
    ['memory', JSON.stringify(`${Math.ceil(Number(stats.get('max_rss')) / GIB)}g`)],
    ['runtime', JSON.stringify(`P0DT0H${Math.ceil(Number(result.get('exec_time_minutes')))}M`)],
  ]);
  groups.set(group.ordinal, { ...group, document: after });
  return { ordinal: group.ordinal, key: group.key, before: group.document, after };
};

/** Fields of a job's document with the greatest run id; of several the last. */
const newest = (
  view: TorcView,
  workflow: Workflow,
  collection: 'job_process_stats' | 'results',
  jobKey: string,
  runId?: number,
): ReadonlyMap<string, string> | undefined => {
  let best: ReadonlyMap<string, string> | undefined;
  for (const { document } of view.documentsWith(workflow, collection, jobKey)) {
    const members = membersOf(document);
    const run = Number(members.get('run_id'));
    if (runId !== undefined && run !== runId) continue;
    if (best === undefined || run >= Number(best.get('run_id'))) best = members;
  }
  return best;
};

/** Jobs that were not measured: all of them must be disabled. */
function* unlistedJobs(
  view: TorcView,
  workflow: Workflow,
  listed: ReadonlySet<number>,
): Generator<void, readonly number[] | DomainError, void> {
  const steps = new Steps();
  const disabled: number[] = [];
  for (const { ordinal, status } of view.states(workflow)) {
    if (steps.isSlice()) yield;
    if (listed.has(ordinal)) continue;
    if (status !== 'disabled') {
      return torcErrors.badState(`job ${view.keyAt(workflow, ordinal)} is ${status}, but was not measured`);
    }
    disabled.push(ordinal);
  }
  return disabled;
}

const recordUpdate = (change: WorkflowChange, { ordinal, key, before, after }: Update): void => {
  change.record('DocumentReplaced', { collection: 'resource_requirements', ordinal, document: after });
  const shown = (document: string) => ({ ...(JSON.parse(document) as object), _key: key });
  const { name } = groupOf(after);
  const event = change.serverEvent({
    ...{ category: 'resource_requirements', type: 'update', name },
    ...{ old: shown(before), new: shown(after), message: `Updated group ${name ?? key}` },
  });
  change.record('DocumentsStored', {
    collection: 'events',
    ordinals: onlyUnit(event.ordinal),
    documents: [event.document],
  });
};
