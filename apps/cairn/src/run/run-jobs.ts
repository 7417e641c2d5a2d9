import { Delivery } from '../worker/delivery.js';
import { FailureLimit } from '../worker/failure-limit.js';
import type { Shutdown } from '../worker/shutdown.js';
import { Spool } from '../worker/spool.js';
import { Worker } from '../worker/worker.js';
import { ActionCalls } from './action-calls.js';
import { RUN_EXIT } from './exit-codes.js';
import type { RunOptions } from './options.js';
import { countJobs, outcomeOf } from './outcome.js';
import type { Progress } from './progress.js';
import { Resources } from './resources.js';
import { restartWorkflow } from './restart-workflow.js';
import { runScript } from './run-script.js';
import { startWorkflow } from './start-workflow.js';
import type { RunState, StateFolder } from './state-folder.js';
import type { Signals, TorcClient } from './torc-client.js';
import type { TorcConfig } from './torc-documents.js';
import { TorcJobs } from './torc-jobs.js';
import { TorcRegistration } from './torc-registration.js';
import { CannotRunWorkflow, TorcWorkflowCalls } from './torc-workflow.js';
import { WorkflowActions } from './workflow-actions.js';

/** The server label of results on disk: their folder belongs to one workflow, wherever its server listens now. */
const SPOOL_SERVER = 'torc';
/** Torc knows no sign of life. */
const HEARTBEAT_MS = 2 ** 31 - 1;

/** A runner that claims from a workflow which others have started, such as one in an allocation of a cluster. */
export interface WorkerOfCluster {
  /** The `scheduler_config_id` of its claims (Torc contract 5.2). */
  readonly schedulerConfigId: string;
  /** Nodes that its jobs may use. */
  readonly nodes: number;
  /** The member `scheduler` of its compute node (contract 2.5). */
  readonly scheduler: object;
}

type Options = Pick<
  RunOptions,
  | 'rerunFailed'
  | 'force'
  | 'offer'
  | 'timeLimitSeconds'
  | 'enforceRuntime'
  | 'jobsMax'
  | 'hashOutputs'
  | 'pollMs'
  | 'graceMs'
>;

interface Parts {
  readonly options: Options;
  readonly worker?: WorkerOfCluster;
  /** Environment variables of jobs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly state: StateFolder;
  readonly run: RunState & { readonly workflow: string };
  readonly client: TorcClient;
  readonly progress: Progress;
  readonly shutdown: Shutdown;
  /** Aborted when a signal has asked this process to end. */
  readonly signalled: AbortSignal;
}

/** Refreshes the display until it is stopped; a display that fails is no reason to end a run. */
const keepShowing = (progress: Progress, workflow: TorcWorkflowCalls, jobs: TorcJobs): (() => Promise<void>) => {
  const ended = new AbortController();
  const show = async (): Promise<void> => {
    const counts = await countJobs(workflow, { signal: ended.signal });
    progress.show({ counts, running: [...jobs.running.values()].map(({ title }) => title) });
  };
  let showing: Promise<void> | undefined;
  const timer = setInterval(() => {
    showing ??= show()
      .catch(() => undefined)
      .finally(() => (showing = undefined));
  }, progress.intervalMs);
  return async () => {
    clearInterval(timer);
    ended.abort();
    await showing;
    progress.end();
  };
};

/**
 * Runs the jobs of a workflow until it is complete, or nothing more can be done here; resolves with the exit code.
 *
 * @throws CannotRunWorkflow; what {@link Worker.run} throws
 */
export const runJobs = async (parts: Parts): Promise<number> => {
  const { options, worker: ofCluster, state, run, client, progress, shutdown, signalled } = parts;
  const { workdir } = run;
  const note = (line: string): void => progress.note(line);
  const workflow = new TorcWorkflowCalls(client, run.workflow, workdir);
  const resources = new Resources(options.offer, ofCluster);
  const environment = { ...parts.environment, TORC_WORKFLOW_KEY: run.workflow };

  const runRequired = async (name: string, script: string): Promise<void> => {
    const end = { interrupted: shutdown.stopping, halted: shutdown.halted };
    const done = await runScript(script, { workdir, environment, outputs: state.path, name, end });
    if (done.code === 0) return;
    const reason = [done.error ?? `code ${String(done.code)}`, done.lastWords].filter(Boolean).join(': ');
    throw new CannotRunWorkflow(`the ${name} script has failed: ${reason}`);
  };
  const actions = new WorkflowActions(
    new ActionCalls(client, run.workflow),
    { interrupted: signalled, halted: shutdown.halted },
    note,
    { workdir, environment, outputs: state.path },
  );
  const begin = async (signals: Signals): Promise<void> => {
    const runStartup = (script: string): Promise<void> => runRequired('workflow-startup', script);
    const { run_id: runId } = await workflow.status(signals);
    const { rerunFailed, force } = options;
    if (ofCluster !== undefined && runId === 0) throw new CannotRunWorkflow('the workflow has not been started');
    if (ofCluster !== undefined) return;
    if (runId === 0) await startWorkflow(workflow, runStartup, signals);
    else await restartWorkflow(workflow, { rerunFailed, force, runStartup, note }, signals);
  };
  const { timeLimitSeconds, enforceRuntime, hashOutputs } = options;
  const prepare = async ({ worker_startup_script: script }: TorcConfig): Promise<void> => {
    if (script !== undefined) await runRequired('worker-startup', script);
    await actions.carryOut();
    await actions.carryOutAt('on_worker_start');
    jobs.startClock();
  };
  const scheduler = ofCluster?.scheduler;
  const registration = new TorcRegistration(workflow, resources, timeLimitSeconds, scheduler, begin, prepare);
  // An allocation is not kept for jobs that wait.
  const waitsForRetries = ofCluster === undefined;
  const jobs = new TorcJobs(
    { workflow, registration, resources, state, shutdown, note },
    { workdir, environment, run: run.run, timeLimitSeconds, enforceRuntime, hashOutputs, waitsForRetries },
  );
  const spool = new Spool(state.spool, SPOOL_SERVER, note);
  const worker = new Worker(
    {
      ...{ source: jobs, registration, spool, shutdown, note },
      delivery: new Delivery(client.http, spool, note),
      failures: new FailureLimit(0),
    },
    {
      ...{ slots: 1, unitsPerSlot: options.jobsMax, pollMs: options.pollMs, graceMs: options.graceMs },
      ...{ heartbeatMs: HEARTBEAT_MS, exitWhenIdle: false },
    },
  );

  const stopShowing = keepShowing(progress, workflow, jobs);
  const stopActions = actions.begin();
  const { undelivered } = await worker.run().finally(stopShowing).finally(stopActions);
  await actions.carryOutAt('on_worker_complete');
  await actions.carryOut();
  const isInterrupted = signalled.aborted || jobs.isTimeUp;
  if (undelivered > 0 || shutdown.halted.aborted) {
    if (undelivered > 0) note(`${String(undelivered)} results stay in ${state.spool}: --resume delivers them`);
    return isInterrupted ? RUN_EXIT.interrupted : RUN_EXIT.error;
  }
  const end = { isInterrupted, reason: jobs.reason, completionFailure: jobs.completionFailure };
  const { exitCode, lines } = await outcomeOf(workflow, end, { signal: shutdown.halted });
  for (const line of lines) note(line);
  note(`report: ${state.reportFile}`);
  return exitCode;
};
