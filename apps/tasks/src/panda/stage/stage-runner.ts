import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Log } from '#platform/logging.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { automationContext } from '../../automation-context.js';
import { Retries } from '../../workload/retries.js';
import { PandaMessageHandler } from '../message-handler.js';
import { PANDA } from '../streams.js';
import type { DueTask, DueTasks } from './due-tasks.js';
import { look } from './look.js';
import { Stages } from './stages.js';
import { TaskChanges } from './task-changes.js';

/** Tasks that stages look at together: bounds how long other commands wait. */
const TASKS_AT_ONCE = 32;

const PAGE_TASKS = 500;

/**
 * Moves tasks on (PanDA contract 9): after each change of a task its stages are called in the mailbox, until none has anything to do. What a
 * stage decides is decided from the state at that moment, so that restarts, repeats and other programs that do the same do no harm.
 */
@Injectable()
export class StageRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly due: DueTasks;
  private readonly retries: Retries<number>;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly readModel: ReadModel,
    changes: TaskChanges,
    private readonly stages: Stages,
    private readonly log: Log,
  ) {
    this.due = changes.due;
    this.retries = new Retries((task) => this.due.mark(task));
    changes.onQueues(() => void this.markUnsettled());
  }

  onApplicationBootstrap(): void {
    this.due.listen(() => this.run());
    void this.markUnsettled();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.due.stop();
    this.retries.stop();
    await this.running;
  }

  /** An earlier process may have left work, or something has changed that concerns all tasks. */
  private async markUnsettled(): Promise<void> {
    try {
      await this.readModel.caughtUp();
      let after = 0;
      for (;;) {
        if (this.stopped) return;
        const page = this.handler.committed.unsettledTasks(after, PAGE_TASKS);
        for (const task of page) this.due.mark(task);
        if (page.length < PAGE_TASKS) return;
        after = page.at(-1) ?? after;
        await nextLoopTurn();
      }
    } catch (error) {
      if (!this.stopped) this.log.error({ error }, 'The tasks that are not final could not be listed');
    }
  }

  private run(): void {
    if (this.stopped || this.running !== undefined) return;
    this.running = this.rounds().finally(() => {
      this.running = undefined;
      if (!this.due.isEmpty) this.run();
    });
  }

  private async rounds(): Promise<void> {
    // Changes come in groups: one look is enough for those of one turn.
    await nextLoopTurn();
    while (!this.stopped && !this.due.isEmpty) {
      await Promise.all(this.due.take(TASKS_AT_ONCE).map((due) => this.look(due)));
      await nextLoopTurn();
    }
  }

  /** What stages do is a consequence of the change that has called them, so that it belongs to the same request. */
  private async look({ task, request }: DueTask, begun?: string): Promise<void> {
    const own = automationContext(PANDA);
    const message = { context: { ...own, correlationId: request ?? own.correlationId }, request: {} };
    const answer = await this.handler.execute(message, (view, timeMicros) =>
      look(view, this.stages.all, task, timeMicros, begun),
    );
    if ('error' in answer) {
      this.retries.failed(task);
      this.log.warn({ error: answer.error, task }, 'A stage of a task failed; will retry');
      return;
    }
    this.retries.succeeded(task);
    const { retryAtMicros, children, begun: recorded } = answer.reply;
    if (recorded !== undefined) return this.look({ task, ...(request !== undefined && { request }) }, recorded);
    if (retryAtMicros !== undefined) this.due.markAt(task, retryAtMicros, nowMicros());
    for (const child of children) this.due.mark(child);
  }
}
