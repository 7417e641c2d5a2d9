import type { Nothing } from '#bus/contract.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { WorkflowChange } from '../workflow-change.js';
import { Steps } from './steps.js';

/** `cancel` (Torc contract 5.9): stops claims, and what is claimed or runs. Writes only what is not canceled yet (D32). */
export function* cancelWorkflow(view: TorcView, key: string, timeMicros: number): SlicedDecision<Nothing> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const change = new WorkflowChange(view, workflow, timeMicros);
  if (!workflow.isCanceled) change.setStatus([['is_canceled', 'true']]);
  const steps = new Steps();
  const running: number[] = [];
  for (const status of ['submitted_pending', 'submitted'] as const) {
    for (const { ordinal } of view.jobsOfStatus(workflow, status)) {
      running.push(ordinal);
      if (steps.isSlice()) yield;
    }
  }
  change.move(running, 'canceled');
  return change.decided({});
}
