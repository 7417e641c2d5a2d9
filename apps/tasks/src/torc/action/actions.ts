import { DomainError } from '#platform/domain-error.js';
import type { ActionTrigger, ClaimActionRequest } from '#contracts/torc/actions.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { ActionClaimed } from '#contracts/torc/events.js';
import { fullId } from '#contracts/torc/ids.js';
import { isFinal, type JobStatus } from '#contracts/torc/statuses.js';
import type { Decision } from '#event-sourcing/command.js';
import { areJobsComplete } from '../graph/completion.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import type { ActionRows, StoredAction } from './action-rows.js';

type ActionView = Pick<TorcView, 'workflow' | 'stateAt' | 'countOfStatus' | 'keyAt'>;

/** Statuses of jobs that have not become ready. */
const NOT_READY: readonly JobStatus[] = ['uninitialized', 'blocked', 'disabled'];

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

/** Whether the trigger of an action has come in the current run. */
const isDue = (view: ActionView, workflow: Workflow, action: StoredAction): boolean => {
  if (workflow.runId === 0 || workflow.isCanceled) return false;
  const { trigger_type: trigger } = JSON.parse(action.document) as ActionFields;
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

/** An action as clients get it: raw JSON. */
const actionText = (view: ActionView, workflow: Workflow, action: StoredAction, worker: string | undefined): string => {
  const { number, document, jobs, scheduler } = action;
  const ids = jobs.map((ordinal) => fullId('jobs', workflow.key, view.keyAt(workflow, ordinal)));
  return JSON.stringify({
    number,
    ...(JSON.parse(document) as ActionFields),
    ...(ids.length > 0 && { jobs: ids }),
    ...(scheduler !== undefined && {
      scheduler: fullId('slurm_schedulers', workflow.key, view.keyAt(workflow, scheduler)),
    }),
    run_id: workflow.runId,
    state: worker !== undefined ? 'claimed' : isDue(view, workflow, action) ? 'due' : 'waiting',
    worker: worker ?? null,
  });
};

/** Actions of a workflow with their states in the current run. */
export const listActions = (
  view: ActionView,
  rows: ActionRows,
  key: string,
): { readonly documents: readonly string[] } | DomainError => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const { workload, runId } = workflow;
  return {
    documents: rows
      .all(workload)
      .map((action) => actionText(view, workflow, action, rows.workerOf(workload, action.number, runId))),
  };
};

/** Gives an action that is due to one worker: once in each run. */
export const claimAction = (
  view: ActionView,
  rows: ActionRows,
  { workflow: key, action: number, worker }: ClaimActionRequest,
): Decision<DocumentReply> => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const { workload, runId, stream } = workflow;
  const action = rows.one(workload, number);
  if (action === undefined) return torcErrors.noDocument('action', String(number), key);
  const holder = rows.workerOf(workload, number, runId);
  const reply = { document: actionText(view, workflow, action, worker) };
  if (holder === worker) return { events: [], reply };
  if (holder !== undefined) {
    return new DomainError('conflict', 'torc.action-claimed', `action ${number} is carried out by ${holder}`);
  }
  if (!isDue(view, workflow, action)) return torcErrors.badState(`action ${number} is not due`);
  const data: ActionClaimed = { number, run_id: runId, worker };
  return { events: [{ stream, type: 'ActionClaimed', data }], reply };
};
