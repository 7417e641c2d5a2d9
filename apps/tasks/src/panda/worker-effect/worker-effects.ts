import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Log } from '#platform/logging.js';
import { isFinalJob } from '#contracts/panda/statuses.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { automationContext } from '../../automation-context.js';
import { PandaMessageHandler } from '../message-handler.js';
import { PANDA } from '../streams.js';
import { applyWorkerEffect } from './worker-effect.js';
import { WorkerProjection } from './worker-projection.js';
import type { WorkerKey } from './worker-view.js';

/** How long ends of workers are collected. */
const COLLECT_MS = 100;
/** Until what could not be done is tried again. */
const RETRY_MS = 5_000;

/** Workers and jobs read at a time. */
const PAGE = 100;

/** Ends of workers that an earlier process may have left undone: jobs of older ones have lost their heartbeat long ago. */
const LEFT_UNDONE_MICROS = 7 * 24 * 3_600 * 1_000_000;

const nameOf = ({ harvesterId, workerId }: WorkerKey): string => `${String(workerId)} ${harvesterId}`;

/**
 * Carries out what the ends of workers mean for their jobs (PanDA contract 4.5, 4.2.6). A job that shows it needs nothing more, so whatever a
 * process has left undone is done after the next start.
 */
@Injectable()
export class WorkerEffects implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly due = new Map<string, WorkerKey>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly readModel: ReadModel,
    private readonly workers: WorkerProjection,
    private readonly log: Log,
  ) {}

  /** What was told before is found in the tables. */
  onApplicationBootstrap(): void {
    this.workers.onEnd((worker) => this.mark(worker));
    this.wake(COLLECT_MS, () => this.findLeftUndone());
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private mark(worker: WorkerKey): void {
    this.due.set(nameOf(worker), worker);
    this.wake(COLLECT_MS, () => this.drain());
  }

  private wake(afterMs: number, work: () => Promise<void>): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.running = work()
        .then(() => COLLECT_MS)
        .catch((error: unknown) => {
          this.log.error({ error }, 'Ends of workers could not be carried out');
          return RETRY_MS;
        })
        .then((againMs) => {
          this.timer = undefined;
          this.running = undefined;
          if (this.due.size > 0) this.wake(againMs, () => this.drain());
        });
    }, afterMs).unref();
  }

  private async findLeftUndone(): Promise<void> {
    await this.readModel.caughtUp();
    const since = nowMicros() - LEFT_UNDONE_MICROS;
    let after: WorkerKey | undefined;
    while (!this.stopped) {
      const page = this.handler.committed.workers.decisiveWorkers(since, after, PAGE);
      for (const worker of page) this.due.set(nameOf(worker), worker);
      after = page.at(-1);
      await this.drain();
      if (page.length < PAGE) return;
      await nextTurn();
    }
  }

  /** Carries out what is due; what comes meanwhile too. */
  private async drain(): Promise<void> {
    for (const [name, worker] of this.due) {
      if (this.stopped) return;
      this.due.delete(name);
      try {
        await this.carryOut(worker);
      } catch (error) {
        this.due.set(name, worker);
        throw error;
      }
    }
  }

  private async carryOut(worker: WorkerKey): Promise<void> {
    const { committed } = this.handler;
    let after = 0;
    for (;;) {
      const page = committed.workers.jobsOfWorker(worker, after, PAGE);
      const active = page.filter((id) => {
        const status = committed.jobState(id)?.status;
        return status !== undefined && !isFinalJob(status);
      });
      await Promise.all(active.map((id) => this.apply(worker, id)));
      if (page.length < PAGE) return;
      after = page.at(-1) ?? after;
    }
  }

  private async apply(worker: WorkerKey, pandaId: number): Promise<void> {
    const answer = await this.handler.execute({ context: automationContext(PANDA), request: {} }, (view, timeMicros) =>
      applyWorkerEffect(view, worker, pandaId, timeMicros),
    );
    if ('error' in answer) throw new Error(`job ${String(pandaId)}: ${answer.error.message}`);
  }
}
