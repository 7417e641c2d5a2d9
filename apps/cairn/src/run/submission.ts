import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../command-line.js';
import { Refused } from '../worker/http-client.js';
import { endEarlierProcesses } from './earlier-processes.js';
import type { RunOptions } from './options.js';
import { readSpecification } from './specification/read-specification.js';
import { tolerantSpecification } from './specification/tolerant-specification.js';
import type { RunState, StateFolder } from './state-folder.js';
import { type Signals, type TorcClient, workflowPath } from './torc-client.js';
import type { TorcWorkflow } from './torc-documents.js';
import { CannotRunWorkflow, loginName } from './torc-workflow.js';

const digestOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Reads the workflow file and stores what will be submitted, before anything is sent: a killed runner can then go on.
 *
 * @throws UsageError
 */
export const newRun = async (
  { file, server, workdir }: RunOptions,
  state: StateFolder,
  note: (line: string) => void,
): Promise<RunState> => {
  if (file === undefined) throw new UsageError('name a workflow file');
  const specification = tolerantSpecification(readSpecification(file), loginName(), note);
  await state.writeSpecification(JSON.stringify(specification));
  const run: RunState = {
    ...{ format: 1, run: randomUUID(), workdir, file, digest: digestOf(file) },
    ...(server !== undefined && { server }),
  };
  await state.writeState(run);
  return run;
};

/**
 * The run in a folder. Processes that its runner has left are ended.
 *
 * @throws UsageError when it has a Cairn of its own, but a server is named
 */
export const earlierRun = async (
  { file, server }: RunOptions,
  state: StateFolder,
  note: (line: string) => void,
): Promise<RunState> => {
  const run = await state.readState();
  if (server !== undefined && run.server === undefined) {
    throw new UsageError(`the run in ${state.path} is on a Cairn of its own, not on ${server}`);
  }
  if (file !== undefined && digestOf(file) !== run.digest) {
    note(`${file} has changed since it was submitted; its changes need a new run in another folder (--output)`);
  }
  const processes = await endEarlierProcesses(run.run);
  if (processes > 0) note(`ended ${String(processes)} processes that a killed runner had left`);
  return server === undefined ? run : { ...run, server };
};

/**
 * Submits a run, unless that has been done; resolves with the run and the key of its workflow.
 *
 * @throws CannotRunWorkflow when it is refused, or the server is not the one that it was submitted to
 */
export const submit = async (
  client: TorcClient,
  run: RunState,
  state: StateFolder,
  signals: Signals,
): Promise<RunState & { readonly workflow: string }> => {
  const { workflow } = run;
  if (workflow !== undefined) {
    const { timestamp } = await client.get<TorcWorkflow>(workflowPath(workflow), signals);
    if (timestamp !== run.created) throw new CannotRunWorkflow(`workflow ${workflow} of this server is another one`);
    return { ...run, workflow };
  }
  const body = await state.readSpecification();
  // The answer may have been lost with an earlier runner.
  const request = { method: 'POST', path: '/workflow_specifications', body, idempotencyKey: run.run } as const;
  const answer = await client.http.send({ ...request, ...signals }).catch(async (error: unknown) => {
    if (!(error instanceof Refused)) throw error;
    await state.forgetRun();
    throw new CannotRunWorkflow(`${run.file} is refused: ${error.reason}`);
  });
  const { _key: key, timestamp: created } = JSON.parse(answer) as TorcWorkflow;
  const known = { ...run, workflow: key, created };
  await state.writeState(known);
  return known;
};
