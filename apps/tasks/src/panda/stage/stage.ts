import type { DecidedEvent } from '#event-sourcing/command.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { PandaView, Task } from '../view.js';

/** What a stage does for a task now, and when it wants to look again although nothing has changed. */
export interface StageStep {
  /** One bounded change. When there is more to do the stage is called again at once, because its own events are changes. */
  readonly events: readonly DecidedEvent[];
  readonly retryAtMicros?: number;
  /**
   * Events of other tasks without which those of this one must not be recorded. Changes of several streams are not one: these are recorded
   * alone, and then the stage is called once more. A process that ends between the two does both again.
   */
  readonly first?: readonly DecidedEvent[];
}

/**
 * One step of a task on its way from its document to its end (PanDA contract 9). Stages are called in their order, in the mailbox, after
 * each change of the task, of its parent or of the queues; the first one that has events ends the turn of the task.
 */
export interface Stage {
  readonly name: string;
  /** Tasks of other statuses are not shown to the stage. */
  readonly statuses: ReadonlySet<TaskStatus>;
  /**
   * Pure: reads the view only, and gives the same answer for the same state. Undefined when there is nothing to do. It must be cheap then,
   * because it is called after each change. A generator yields where a slice of long work may end.
   */
  step(
    view: PandaView,
    task: Task,
    timeMicros: number,
  ): StageStep | undefined | Generator<void, StageStep | undefined, void>;
}
