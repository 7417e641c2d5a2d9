import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { PandaMessageHandler } from '../message-handler.js';
import { PANDA } from '../streams.js';
import { automationContext } from '../../automation-context.js';
import { finalize } from './finalize.js';
import { finalizeReported } from './finalize-reported.js';

/** How long reports are collected, so that those of many jobs are appended together. */
const COLLECT_MS = 100;

/** Until reports that could not be finalized are tried again. */
const RETRY_MS = 5_000;

/**
 * Finalizes jobs whose pilots have made their final report (PanDA contract 4.2.5). What waits is in the tables: a restart loses nothing, and who
 * does the same again does no harm.
 */
@Injectable()
export class Adder implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isAgain = false;
  private stopped = false;
  /** Jobs that could not be finalized; they are tried again together. */
  private readonly failed = new Set<number>();

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
    clearTimeout(this.retryTimer);
    await this.running;
  }

  /** There may be final reports. */
  wake(): void {
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
          if (!isDone) this.retryLater();
          if (this.isAgain) this.wake();
        });
    }, COLLECT_MS);
  }

  private retryLater(): void {
    if (this.stopped || this.retryTimer !== undefined) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.failed.clear();
      this.wake();
    }, RETRY_MS);
  }

  /** Whether all could be finalized. */
  private async finalizeAll(): Promise<boolean> {
    await this.readModel.caughtUp();
    const reported = {
      waiting: (limit: number) => this.handler.committed.reportedJobs(limit).map(({ pandaId }) => pandaId),
      finalize: (pandaId: number) => this.finalize(pandaId),
      isStopped: () => this.stopped,
    };
    await finalizeReported(reported, this.failed);
    return this.failed.size === 0;
  }

  private async finalize(pandaId: number): Promise<boolean> {
    const message = { context: automationContext(PANDA), request: {} };
    const answer = await this.handler.execute(message, (view, timeMicros) => finalize(view, pandaId, timeMicros));
    if (!('error' in answer)) return true;
    this.log.warn({ error: answer.error, pandaId }, 'A job could not be finalized; will retry');
    return false;
  }
}
