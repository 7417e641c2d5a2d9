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
  /** What had to be recorded first is: look at the task again at once. */
  readonly isBegun?: true;
}

/**
 * Calls the stages of a task in their order until one has something to change.
 *
 * @param isBegun whether what the stage wanted to be recorded first has been recorded since
 */
export function* look(
  view: PandaView,
  stages: readonly Stage[],
  taskId: number,
  timeMicros: number,
  isBegun = false,
): SlicedDecision<Look> {
  const task = view.task(taskId);
  if (task === undefined) return { events: [], reply: { children: [] } };
  let retryAtMicros: number | undefined;
  for (const stage of stages) {
    if (!stage.statuses.has(task.status)) continue;
    const begun = stage.step(view, task, timeMicros);
    const step = isGenerator(begun) ? yield* begun : begun;
    if (step === undefined) continue;
    const { first = [] } = step;
    if (first.length > 0 && !isBegun) return { events: first, reply: { children: [], isBegun: true } };
    if (step.events.length > 0) return { events: step.events, reply: { children: [] } };
    if (step.retryAtMicros !== undefined) retryAtMicros = Math.min(retryAtMicros ?? Infinity, step.retryAtMicros);
  }
  const children = isFinalTask(task.status) ? view.childrenOf(taskId) : [];
  return { events: [], reply: { children, ...(retryAtMicros !== undefined && { retryAtMicros }) } };
}
