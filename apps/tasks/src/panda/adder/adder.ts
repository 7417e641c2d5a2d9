import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { PandaMessageHandler } from '../message-handler.js';
import { PANDA } from '../streams.js';
import { automationContext } from '../../automation-context.js';
import { finalize } from './finalize.js';

/** How long reports are collected, so that those of many jobs are appended together. */
const COLLECT_MS = 100;

/** Jobs finalized together. */
const JOBS_AT_ONCE = 200;

/** So many failures in a round are not the fault of single jobs: all wait. */
const FAILURES_MAX = 1_000;

/** Until reports that could not be finalized are tried again. */
const RETRY_MS = 5_000;

/**
 * Finalizes jobs whose pilots have made their final report (PanDA contract 4.2.5). What waits is in the tables: a restart loses nothing, and who
 * does the same again does no harm.
 */
@Injectable()
export class Adder implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAgain = false;
  private stopped = false;

  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly readModel: ReadModel,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.wake();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** There may be final reports. */
  wake(afterMs = COLLECT_MS): void {
    this.isAgain = true;
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.isAgain = false;
      this.running = this.finalizeAll()
        .catch((error: unknown) => {
          this.log.error({ error }, 'Final reports could not be read');
          return false;
        })
        .then((isDone) => {
          this.running = undefined;
          this.timer = undefined;
          if (!isDone) this.wake(RETRY_MS);
          else if (this.isAgain) this.wake();
        });
    }, afterMs);
  }

  /** Whether all could be finalized. */
  private async finalizeAll(): Promise<boolean> {
    await this.readModel.caughtUp();
    const failed = new Set<number>();
    while (failed.size < FAILURES_MAX) {
      // Jobs that cannot be finalized stay the first ones: those behind them do not wait for them.
      const first = this.handler.committed.reportedJobs(JOBS_AT_ONCE + failed.size);
      const waiting = first.filter(({ pandaId }) => !failed.has(pandaId));
      if (waiting.length === 0) return failed.size === 0;
      const answers = await Promise.all(waiting.map(({ pandaId }) => this.finalize(pandaId)));
      waiting.forEach(({ pandaId }, at) => answers[at] === true || failed.add(pandaId));
      if (this.stopped) return true;
    }
    return false;
  }

  private async finalize(pandaId: number): Promise<boolean> {
    const message = { context: automationContext(PANDA), request: {} };
    const answer = await this.handler.execute(message, (view, timeMicros) => finalize(view, pandaId, timeMicros));
    if (!('error' in answer)) return true;
    this.log.warn({ error: answer.error, pandaId }, 'A job could not be finalized; will retry');
    return false;
  }
}
