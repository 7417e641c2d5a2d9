import type { Signals } from './torc-client.js';
import { CannotRunWorkflow, type TorcWorkflowCalls } from './torc-workflow.js';

/** Runs the startup script of a workflow; throws when it fails. */
export type StartupScript = (script: string) => Promise<void>;

/**
 * Starts a workflow whose jobs have never run, as `workflows start` does (Torc contract 7.2).
 *
 * @throws CannotRunWorkflow
 */
export const startWorkflow = async (
  workflow: TorcWorkflowCalls,
  runStartup: StartupScript,
  signals: Signals,
): Promise<void> => {
  const { client } = workflow;
  for (const status of ['submitted', 'submitted_pending']) {
    if ((await workflow.jobs(status, signals)) > 0)
      throw new CannotRunWorkflow(`jobs are ${status}: another runner has them`);
  }
  const files = await workflow.files(signals);
  await workflow.check(files, signals);
  const { workflow_startup_script: script } = await workflow.config(signals);
  if (script !== undefined) await runStartup(script);
  await workflow.storeFileTimes(files, signals);
  await client.post(workflow.path('/reset_status'), undefined, signals);
  await client.post(workflow.path('/reset_job_status'), undefined, signals);
  const runId = await workflow.nextRun(signals);
  await client.post(workflow.path('/initialize_jobs?only_uninitialized=false'), undefined, signals);
  await workflow.addEvent('start', runId, `Started workflow ${workflow.key}`, signals);
};
