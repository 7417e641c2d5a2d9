import { DomainError } from '#platform/domain-error.js';
import { membersOf } from '#contracts/raw-json.js';
import { isFinal, JOB_STATUSES } from '#contracts/torc/statuses.js';
import type { Completion } from '#contracts/torc/workflows.js';
import type { Nothing } from '#bus/contract.js';
import type { Decision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { HandOut, TorcView, Workflow } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';

/** Statuses of jobs that a workflow still waits for (Torc contract 4). */
const INCOMPLETE_STATUSES = JOB_STATUSES.filter((status) => !isFinal(status) && status !== 'disabled');

/** A hand-out that nobody settles counts as lost after this time: the gateway that made it is gone. */
const HAND_OUT_MICROS = 10_000_000;

/** Hand-outs that may be lost until the status is reset (D33). */
const LOST_MAX = 3;

/** Field of the status document: the script was handed out. */
const FLAG = 'has_detected_need_to_run_completion_script';

type CompletionView = Pick<TorcView, 'workflow' | 'countOfStatus'>;

/** Whether every job is complete or disabled (Torc contract 4). */
export const areJobsComplete = (view: Pick<TorcView, 'countOfStatus'>, workflow: Workflow): boolean =>
  INCOMPLETE_STATUSES.every((status) => view.countOfStatus(workflow, status) === 0);

/** The part of `is_complete` that writes nothing (Torc contract 5.11). */
const completionOf = (
  view: CompletionView,
  workflow: Workflow,
): Omit<Completion, 'needs_to_run_completion_script'> => ({
  is_canceled: workflow.isCanceled,
  is_complete: workflow.isCanceled || areJobsComplete(view, workflow),
});

/** Whether the completion script may be handed out now, if the workflow is complete. */
const isDue = (workflow: Workflow, timeMicros: number): boolean => {
  if (!membersOf(workflow.config).has('workflow_completion_script')) return false;
  return membersOf(workflow.status).get(FLAG) !== 'true' || isAbandoned(workflow.handOut, timeMicros);
};

/** Whether nobody will settle a hand-out any more, and another may follow it. */
const isAbandoned = (handOut: HandOut | undefined, timeMicros: number): handOut is HandOut =>
  handOut?.isSettled === false && timeMicros - handOut.timeMicros > HAND_OUT_MICROS && handOut.lost < LOST_MAX;

/** Whether the next caller is told to run the script if a hand-out turns out to be lost. */
const isUnsettled = (handOut: HandOut | undefined, timeMicros: number): boolean =>
  handOut?.isSettled === false && timeMicros - handOut.timeMicros <= HAND_OUT_MICROS && handOut.lost < LOST_MAX;

/** `is_complete`, if nothing has to be written to answer it: undefined when the completion script is to be handed out. */
export const readCompletion = (
  view: CompletionView,
  key: string,
  timeMicros: number,
): Completion | DomainError | undefined => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const completion = completionOf(view, workflow);
  const isOver = completion.is_complete && !completion.is_canceled;
  if (isOver && isDue(workflow, timeMicros)) return undefined;
  return {
    ...{ ...completion, needs_to_run_completion_script: false },
    ...(isOver && isUnsettled(workflow.handOut, timeMicros) && { is_unsettled: true }),
  };
};

/**
 * `is_complete` (Torc contract 5.11): hands the completion script out to one caller.
 *
 * @param handOut id of the hand-out, if there is one
 */
export const checkCompletion = (
  view: TorcView,
  key: string,
  handOut: string,
  timeMicros: number,
): Decision<Completion> => {
  const reply = readCompletion(view, key, timeMicros);
  if (reply instanceof DomainError) return reply;
  const workflow = view.workflow(key);
  if (reply !== undefined || workflow === undefined) {
    return reply === undefined ? torcErrors.noWorkflow(key) : { events: [], reply };
  }
  const change = new WorkflowChange(view, workflow, timeMicros);
  const { handOut: before } = workflow;
  if (isAbandoned(before, timeMicros)) {
    change.record('CompletionScriptSettled', { hand_out: before.id, has_arrived: false });
  }
  change.record('CompletionScriptHandedOut', { hand_out: handOut });
  change.setStatus([[FLAG, 'true']]);
  return change.decided({
    ...{ is_canceled: false, is_complete: true, needs_to_run_completion_script: true },
    hand_out: handOut,
  });
};

/** Records whether the answer that handed out the completion script has arrived (D33). Late news change nothing. */
export const settleCompletionScript = (
  view: TorcView,
  request: { readonly workflow: string; readonly hand_out: string; readonly has_arrived: boolean },
  timeMicros: number,
): Decision<Nothing> => {
  const workflow = view.workflow(request.workflow);
  const { handOut } = workflow ?? {};
  if (workflow === undefined || handOut?.id !== request.hand_out || handOut.isSettled) return { events: [], reply: {} };
  const change = new WorkflowChange(view, workflow, timeMicros);
  change.record('CompletionScriptSettled', { hand_out: handOut.id, has_arrived: request.has_arrived });
  // After too many losses the script stays handed out.
  if (!request.has_arrived && handOut.lost < LOST_MAX) change.setStatus([[FLAG, 'false']]);
  return change.decided({});
};
