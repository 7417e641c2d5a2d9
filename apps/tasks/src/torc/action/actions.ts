import { DomainError } from '#platform/domain-error.js';
import {
  type ActionTrigger,
  type ClaimActionRequest,
  type CompleteActionRequest,
  isWorkerTrigger,
} from '#contracts/torc/actions.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { ActionClaimed, ActionCompleted } from '#contracts/torc/events.js';
import { fullId } from '#contracts/torc/ids.js';
import { isFinal, type JobStatus } from '#contracts/torc/statuses.js';
import type { Decision } from '#event-sourcing/command.js';
import { areJobsComplete } from '../graph/completion.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import type { ActionClaim, ActionRows, StoredAction } from './action-rows.js';

type ActionView = Pick<TorcView, 'workflow' | 'stateAt' | 'countOfStatus' | 'keyAt'>;

/** Statuses of jobs that have not become ready. */
const NOT_READY: readonly JobStatus[] = ['uninitialized', 'blocked', 'disabled'];

const MICROS_PER_SECOND = 1_000_000;

interface ActionFields {
  readonly trigger_type: ActionTrigger;
}

/** Whether all jobs that an action names are in such a status. Deleted ones do not count. */
const areAll = (
  view: ActionView,
  workflow: Workflow,
  { jobs }: StoredAction,
  isSuch: (status: JobStatus) => boolean,
): boolean =>
  jobs.every((ordinal) => {
    const state = view.stateAt(workflow, ordinal);
    return state === undefined || isSuch(state.status);
  });

/** Whether jobs are still as the run before has left them: a start raises the number of the run first, and initializes them then. */
const isBetweenRuns = ({ runId, initializedRun }: Workflow): boolean =>
  initializedRun !== 0 && initializedRun !== runId;

const triggerOf = ({ document }: StoredAction): ActionTrigger => (JSON.parse(document) as ActionFields).trigger_type;

/** Whether each worker carries an action out for itself. */
const isByEachWorker = (action: StoredAction): boolean => isWorkerTrigger(triggerOf(action));

/** Whether the trigger of an action has come in the current run. */
const isDue = (view: ActionView, workflow: Workflow, action: StoredAction): boolean => {
  const trigger = triggerOf(action);
  if (workflow.runId === 0) return false;
  // Workers know themselves when they start and end, which they do between runs and in canceled workflows too.
  if (isWorkerTrigger(trigger)) return true;
  if (workflow.isCanceled || isBetweenRuns(workflow)) return false;
  switch (trigger) {
    case 'on_workflow_start':
      return view.countOfStatus(workflow, 'uninitialized') === 0;
    case 'on_workflow_complete':
      return areJobsComplete(view, workflow);
    case 'on_jobs_ready':
      return areAll(view, workflow, action, (status) => !NOT_READY.includes(status));
    case 'on_jobs_complete':
      return areAll(view, workflow, action, isFinal);
  }
};

/** Whether a claim keeps others from the action. */
const isHeld = ({ isSuccessful, untilMicros = Infinity }: ActionClaim, nowMicros: number): boolean =>
  isSuccessful !== undefined || nowMicros < untilMicros;

const stateOf = (
  view: ActionView,
  workflow: Workflow,
  action: StoredAction,
  claim: ActionClaim | undefined,
  nowMicros: number,
): string => {
  if (claim !== undefined && isHeld(claim, nowMicros)) {
    return claim.isSuccessful === undefined ? 'claimed' : claim.isSuccessful ? 'done' : 'failed';
  }
  return isDue(view, workflow, action) ? 'due' : 'waiting';
};

/** An action as clients get it: raw JSON. */
const actionText = (
  view: ActionView,
  workflow: Workflow,
  { number, document, jobs, scheduler }: StoredAction,
  { state, worker, ...more }: { readonly state: string; readonly worker: string | undefined } & object,
): string => {
  const ids = jobs.map((ordinal) => fullId('jobs', workflow.key, view.keyAt(workflow, ordinal)));
  return JSON.stringify({
    number,
    ...(JSON.parse(document) as ActionFields),
    ...(ids.length > 0 && { jobs: ids }),
    ...(scheduler !== undefined && {
      scheduler: fullId('slurm_schedulers', workflow.key, view.keyAt(workflow, scheduler)),
    }),
    run_id: workflow.runId,
    state,
    worker: worker ?? null,
    ...more,
  });
};

/** Actions of a workflow with their states in the current run. */
export const listActions = (
  view: ActionView,
  rows: ActionRows,
  key: string,
  nowMicros: number,
): { readonly documents: readonly string[] } | DomainError => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const { workload, runId } = workflow;
  return {
    documents: rows.all(workload).map((action) => {
      const claim = isByEachWorker(action) ? undefined : rows.claimOf(workload, action.number, runId, '');
      const state = stateOf(view, workflow, action, claim, nowMicros);
      return actionText(view, workflow, action, { state, worker: claim?.worker });
    }),
  };
};

interface Found {
  readonly workflow: Workflow;
  readonly action: StoredAction;
  readonly claim: ActionClaim | undefined;
}

const find = (
  view: ActionView,
  rows: ActionRows,
  { workflow: key, action: number, worker }: Pick<CompleteActionRequest, 'workflow' | 'action' | 'worker'>,
): Found | DomainError => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const action = rows.one(workflow.workload, number);
  if (action === undefined) return torcErrors.noDocument('action', String(number), key);
  const place = isByEachWorker(action) ? worker : '';
  return { workflow, action, claim: rows.claimOf(workflow.workload, number, workflow.runId, place) };
};

const conflict = (message: string): DomainError => new DomainError('conflict', 'torc.action-claimed', message);

/**
 * Gives an action that is due to one worker: once in each run, unless the lease of the worker before has ended. Who claims it again
 * has it for longer. Actions of workers are given to each worker once in each run.
 */
export const claimAction = (
  view: ActionView,
  rows: ActionRows,
  request: ClaimActionRequest,
  nowMicros: number,
): Decision<DocumentReply> => {
  const { action: number, worker, lease_seconds: leaseSeconds } = request;
  const found = find(view, rows, request);
  if (found instanceof DomainError) return found;
  const { workflow, action, claim } = found;
  const isOwn = claim?.worker === worker;
  if (claim?.isSuccessful !== undefined && !isOwn) return conflict(`${claim.worker} has carried out action ${number}`);
  if (claim !== undefined && !isOwn && isHeld(claim, nowMicros)) {
    return conflict(`action ${number} is carried out by ${claim.worker}`);
  }
  if (!isOwn && !isDue(view, workflow, action)) return torcErrors.badState(`action ${number} is not due`);
  const takenFrom = claim !== undefined && !isOwn ? { taken_from: claim.worker } : {};
  const state = claim?.isSuccessful === undefined ? 'claimed' : stateOf(view, workflow, action, claim, nowMicros);
  const reply = { document: actionText(view, workflow, action, { state, worker, ...takenFrom }) };
  // A claim without an end is the same again, and what is carried out stays so.
  if (isOwn && (claim.untilMicros === undefined || claim.isSuccessful !== undefined)) return { events: [], reply };
  const data: ActionClaimed = {
    ...{ number, run_id: workflow.runId, worker },
    ...(isByEachWorker(action) && { by_each_worker: true }),
    ...(leaseSeconds !== undefined && { until_micros: nowMicros + Math.round(leaseSeconds * MICROS_PER_SECOND) }),
  };
  return { events: [{ stream: workflow.stream, type: 'ActionClaimed', data }], reply };
};

/** Records that a worker has carried out the action that it has claimed. */
export const completeAction = (
  view: ActionView,
  rows: ActionRows,
  request: CompleteActionRequest,
): Decision<DocumentReply> => {
  const { action: number, worker, successful } = request;
  const found = find(view, rows, request);
  if (found instanceof DomainError) return found;
  const { workflow, action, claim } = found;
  if (claim?.worker !== worker) return conflict(`action ${number} is not carried out by ${worker}`);
  const state = (claim.isSuccessful ?? successful) ? 'done' : 'failed';
  const reply = { document: actionText(view, workflow, action, { state, worker }) };
  if (claim.isSuccessful !== undefined) return { events: [], reply };
  const data: ActionCompleted = { number, run_id: workflow.runId, worker, is_successful: successful };
  return { events: [{ stream: workflow.stream, type: 'ActionCompleted', data }], reply };
};
