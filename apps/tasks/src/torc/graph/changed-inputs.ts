import type { PlainCollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { revisionText } from '#contracts/torc/ids.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { clearEphemeralData } from './ephemeral-data.js';
import { type Input, inputHash, inputOf, type JobInputs } from './input-hash.js';
import { downstreamOf } from './job-graph.js';
import { Steps } from './steps.js';

/** `process_changed_job_inputs` (Torc contract 5.6): resets done jobs whose inputs have changed, and what comes after them. */
export function* processChangedInputs(
  view: TorcView,
  { workflow: key, dry_run: isDryRun }: { readonly workflow: string; readonly dry_run: boolean },
  timeMicros: number,
): SlicedDecision<{ keys: readonly string[] }> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  const cleared = isDryRun ? new Set<number>() : yield* clearEphemeralData(view, workflow, change);
  const changed = yield* changedJobs(view, workflow, cleared);
  const downstream = yield* downstreamOf(view, workflow, changed);
  const reset = new Set(changed);
  for (const { ordinal, status } of downstream.values()) {
    if (status !== 'uninitialized' && status !== 'disabled') reset.add(ordinal);
  }
  const ordinals = [...reset].sort((a, b) => a - b);
  if (!isDryRun) change.move(ordinals, 'uninitialized');
  return change.decided({ keys: ordinals.map((ordinal) => view.keyAt(workflow, ordinal)) });
}

/** Done jobs whose hash differs from the stored one. `cleared` has user data with a revision more than stored. */
function* changedJobs(
  view: TorcView,
  workflow: Workflow,
  cleared: ReadonlySet<number>,
): Generator<void, readonly number[], void> {
  const steps = new Steps();
  const userData = yield* revisions(view, workflow, 'user_data', cleared);
  const files = yield* revisions(view, workflow, 'files', new Set());
  const consumed = yield* inputsOfJobs(view, workflow, 'consumes', userData);
  const stored = yield* inputsOfJobs(view, workflow, 'stores', userData);
  const needed = yield* inputsOfJobs(view, workflow, 'needs', files);
  const changed: number[] = [];
  for (const job of view.jobsOfStatus(workflow, 'done')) {
    const { ordinal } = job;
    const inputs: JobInputs = {
      consumed: consumed.get(ordinal) ?? [],
      stored: stored.get(ordinal) ?? [],
      needed: needed.get(ordinal) ?? [],
    };
    if (inputHash(job, inputs) !== job.inputHash) changed.push(ordinal);
    if (steps.isSlice()) yield;
  }
  return changed;
}

function* revisions(
  view: TorcView,
  workflow: Workflow,
  collection: PlainCollectionName,
  written: ReadonlySet<number>,
): Generator<void, ReadonlyMap<number, Input>, void> {
  const steps = new Steps();
  const inputs = new Map<number, Input>();
  for (const document of view.documents(workflow, collection)) {
    const { ordinal, key, writes } = document;
    inputs.set(ordinal, written.has(ordinal) ? [key, revisionText(ordinal, writes + 1)] : inputOf(document));
    if (steps.isSlice()) yield;
  }
  return inputs;
}

function* inputsOfJobs(
  view: TorcView,
  workflow: Workflow,
  edge: EdgeName,
  documents: ReadonlyMap<number, Input>,
): Generator<void, ReadonlyMap<number, readonly Input[]>, void> {
  const steps = new Steps();
  const byJob = new Map<number, Input[]>();
  for (const [job, ordinal] of view.ends(workflow, edge)) {
    const input = documents.get(ordinal);
    const inputs = byJob.get(job);
    if (input !== undefined && inputs === undefined) byJob.set(job, [input]);
    else if (input !== undefined) inputs?.push(input);
    if (steps.isSlice()) yield;
  }
  return byJob;
}
