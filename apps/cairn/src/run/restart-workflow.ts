import { hostname } from 'node:os';
import { isRunning } from '../worker/is-running.js';
import { inParallel } from './in-parallel.js';
import { modificationTime } from './files-on-disk.js';
import type { StartupScript } from './start-workflow.js';
import type { Signals } from './torc-client.js';
import type { TorcComputeNode, TorcEdge, TorcFile, TorcJob } from './torc-documents.js';
import { CannotRunWorkflow, REQUESTS_MAX, type TorcWorkflowCalls } from './torc-workflow.js';

export interface RestartOptions {
  /** Also run jobs again that have failed, and those that were canceled . */
  readonly rerunFailed: boolean;
  /** Restart although other runners seem to be active. */
  readonly force: boolean;
  readonly runStartup: StartupScript;
  readonly note: (line: string) => void;
}

/** Runners of this workflow that have not said that they have ended. Those of this host that are gone are reported now. */
const settleRunners = async (workflow: TorcWorkflowCalls, force: boolean, signals: Signals): Promise<void> => {
  const nodes = await workflow.client.list<TorcComputeNode>(workflow.path('/compute_nodes?is_active=true'), signals);
  for (const node of nodes) {
    const mayRun = node.hostname !== hostname() || (node.pid !== process.pid && isRunning(node.pid));
    if (mayRun && !force) {
      throw new CannotRunWorkflow(
        `a runner on ${node.hostname} (process ${String(node.pid)}) may still have jobs; --force restarts the workflow nevertheless`,
      );
    }
    const path = workflow.path(`/compute_nodes/${encodeURIComponent(node._key)}`);
    await workflow.client.put(path, { ...node, is_active: false }, signals);
  }
};

const keyOf = (id: string): string => id.slice(id.indexOf('/') + 1);

/** Sets jobs to `uninitialized` by themselves; what depends on them follows. */
const uninitialize = async (
  workflow: TorcWorkflowCalls,
  jobs: readonly TorcJob[],
  runId: number,
  signals: Signals,
): Promise<void> => {
  for (const { _key, _rev } of jobs) {
    const path = `/jobs/${encodeURIComponent(_key)}/manage_status_change/uninitialized/${_rev}/${String(runId)}`;
    await workflow.client.put(workflow.path(path), undefined, signals);
  }
};

/** Jobs that have failed in whatever run, and canceled ones. The server's own reset looks at the last run only. */
const resetFailed = async (workflow: TorcWorkflowCalls, runId: number, signals: Signals): Promise<void> => {
  const codes = await workflow.returnCodes(signals);
  const jobs = await workflow.client.list<TorcJob>(workflow.path('/jobs'), signals);
  const failed = jobs.filter(
    ({ status, _key }) => status === 'canceled' || (status === 'done' && codes.get(_key) !== 0),
  );
  await uninitialize(workflow, failed, runId, signals);
};

/** Jobs that need a file which has changed since it was last seen. */
const resetConsumers = async (
  workflow: TorcWorkflowCalls,
  changed: readonly TorcFile[],
  runId: number,
  signals: Signals,
): Promise<void> => {
  for (const { _key } of changed) {
    const path = workflow.path(`/jobs/find_by_needs_file/${encodeURIComponent(_key)}`);
    const jobs = await workflow.client.list<TorcJob>(path, signals);
    const ended = jobs.filter(({ status }) => status === 'done' || status === 'canceled');
    await uninitialize(workflow, ended, runId, signals);
  }
};

/** Jobs that are done although a file that they make is gone. */
const resetProducers = async (
  workflow: TorcWorkflowCalls,
  files: readonly TorcFile[],
  runId: number,
  signals: Signals,
): Promise<void> => {
  const gone = new Set<string>();
  await inParallel(files, REQUESTS_MAX, async ({ _id, path }) => {
    if ((await modificationTime(workflow.onDisk(path))) === undefined) gone.add(_id);
  });
  if (gone.size === 0) return;
  const done = await workflow.client.list<TorcJob>(workflow.path('/jobs/find_by_status/done'), signals);
  // The real client asks for the files of each job; one list of edges says the same.
  const edges = await workflow.client.list<TorcEdge>(workflow.path('/edges/produces'), signals);
  const losers = new Set(edges.filter(({ _to }) => gone.has(_to)).map(({ _from }) => keyOf(_from)));
  await uninitialize(
    workflow,
    done.filter(({ _key }) => losers.has(_key)),
    runId,
    signals,
  );
};

/**
 * Restarts a workflow that has run before, as `workflows restart` does (Torc contract 7.6): jobs that a runner has left, that were
 * terminated, or whose inputs have changed will run again.
 *
 * @throws CannotRunWorkflow
 */
export const restartWorkflow = async (
  workflow: TorcWorkflowCalls,
  { rerunFailed, force, runStartup, note }: RestartOptions,
  signals: Signals,
): Promise<void> => {
  const { client } = workflow;
  await settleRunners(workflow, force, signals);
  const files = await workflow.files(signals);
  await workflow.check(files, signals);
  const { workflow_startup_script: script } = await workflow.config(signals);
  if (script !== undefined) await runStartup(script);
  const runId = await workflow.nextRun(signals);
  await client.post(workflow.path('/reset_status'), undefined, signals);
  if (rerunFailed) await resetFailed(workflow, runId, signals);
  const changed = await workflow.storeFileTimes(files, signals);
  await resetConsumers(workflow, changed, runId, signals);
  await resetProducers(workflow, files, runId, signals);
  const { reinitialized_jobs: changedJobs } = await client.post<{ reinitialized_jobs: readonly string[] }>(
    workflow.path('/process_changed_job_inputs?dry_run=false'),
    undefined,
    signals,
  );
  if (changed.length > 0) note(`files have changed: ${changed.map(({ path }) => path).join(', ')}`);
  if (changedJobs.length > 0) note(`${String(changedJobs.length)} jobs run again because their inputs have changed`);
  await client.post(workflow.path('/initialize_jobs?only_uninitialized=false'), undefined, signals);
  await workflow.addEvent('restart', runId, `Restarted workflow ${workflow.key}`, signals);
};
