import type { SlicedDecision } from '#event-sourcing/command.js';
import { isGenerator } from '#event-sourcing/slices.js';
import { isFinalTask } from '#contracts/panda/statuses.js';
import type { PandaView } from '../view.js';
import type { Stage } from './stage.js';

/** What a look at a task came to. */
export interface Look {
  /** The earliest time at which a stage wants to look again. */
  readonly retryAtMicros?: number;
  /** Tasks that may have waited for the end of this one. */
  readonly children: readonly number[];
  /** What had to be recorded first, as text: look at the task again at once. */
  readonly begun?: string;
}

/**
 * Calls the stages of a task in their order until one has something to change.
 *
 * @param begun what a stage wanted to be recorded first and has been recorded since: another command may have come in between, with other orders
 */
export function* look(
  view: PandaView,
  stages: readonly Stage[],
  taskId: number,
  timeMicros: number,
  begun?: string,
): SlicedDecision<Look> {
  const task = view.task(taskId);
  if (task === undefined) return { events: [], reply: { children: [] } };
  let retryAtMicros: number | undefined;
  for (const stage of stages) {
    if (!stage.statuses.has(task.status)) continue;
    const stepping = stage.step(view, task, timeMicros);
    const step = isGenerator(stepping) ? yield* stepping : stepping;
    if (step === undefined) continue;
    const { first = [] } = step;
    const orders = first.length > 0 ? JSON.stringify(first) : undefined;
    if (orders !== undefined && orders !== begun) return { events: first, reply: { children: [], begun: orders } };
    if (step.events.length > 0) return { events: step.events, reply: { children: [] } };
    if (step.retryAtMicros !== undefined) retryAtMicros = Math.min(retryAtMicros ?? Infinity, step.retryAtMicros);
  }
  const children = isFinalTask(task.status) ? view.childrenOf(taskId) : [];
  return { events: [], reply: { children, ...(retryAtMicros !== undefined && { retryAtMicros }) } };
}
