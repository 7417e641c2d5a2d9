import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { UnitKey } from '../../engine/unit.js';
import { automationContext } from '../../automation-context.js';
import { PandaMessageHandler } from '../message-handler.js';
import { placeWaiting } from '../submission/reassign-jobs.js';
import { PANDA } from '../streams.js';
import type { UnmodifiedJob } from '../view.js';
import { isAbandoned, moveStranded } from './stranded-jobs.js';
import { endLostJob, type JobTimeouts, watched } from './stale-jobs.js';

/** How often jobs are looked at: a fraction of the shortest timeout, within these bounds. */
const CHECKS_PER_TIMEOUT = 20;
const CHECK_MS_MIN = 100;
const CHECK_MS_MAX = 30_000;

/** Jobs read and ended together. */
const PAGE = 100;

const MICROS_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1_000;

/**
 * Ends jobs that nobody has reported of for too long (PanDA contract 4.2.6), and finds queues for those that have none, or one that
 * nobody serves. Nobody hears heartbeats while
 * this service is down, so no job is lost before a whole timeout has passed since the start.
 */
@Injectable()
export class JobWatchdog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly startedMicros = nowMicros();
  private readonly timeouts: JobTimeouts;
  private readonly rounds: Rounds;

  constructor(
    private readonly handler: PandaMessageHandler,
    private readonly readModel: ReadModel,
    private readonly log: Log,
    environment: Environment,
  ) {
    this.rounds = new Rounds(
      () => this.check(nowMicros()),
      (error) => log.error({ error }, 'Could not look for jobs without a heartbeat'),
    );
    this.timeouts = {
      sent: environment.PANDA_SENT_SECONDS,
      heartbeat: environment.PANDA_HEARTBEAT_SECONDS,
      holdingFirst: environment.PANDA_HOLDING_FIRST_SECONDS,
      holding: environment.PANDA_HOLDING_SECONDS,
      transferring: environment.PANDA_TRANSFERRING_SECONDS,
      recovery: environment.PANDA_RECOVERY_SECONDS,
    };
  }

  onApplicationBootstrap(): void {
    const shortest = Math.min(...watched(this.timeouts).map(([, seconds]) => seconds));
    const everyMs = Math.max(CHECK_MS_MIN, Math.min((shortest * MS_PER_SECOND) / CHECKS_PER_TIMEOUT, CHECK_MS_MAX));
    this.rounds.start(everyMs);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Ends the jobs whose timeout has passed at this time. */
  async check(atMicros: number): Promise<void> {
    await this.readModel.caughtUp();
    for (const [status, seconds] of watched(this.timeouts)) {
      const before = atMicros - seconds * MICROS_PER_SECOND;
      if (before >= this.startedMicros) await this.checkStatus(status, before);
    }
    await this.placeWaiting();
    await this.moveStranded();
  }

  private async moveStranded(): Promise<void> {
    const { committed } = this.handler;
    const sites = committed.sitesWith('activated').filter((site) => isAbandoned(committed.queue(site)));
    for (const site of sites) while (!this.rounds.isStopped && (await this.moveSome(site)) > 0);
  }

  /** @returns how many jobs have left the site */
  private async moveSome(site: string): Promise<number> {
    const message = { context: automationContext(PANDA), request: {} };
    const answer = await this.handler.execute(message, (view, timeMicros) => moveStranded(view, site, timeMicros));
    if (!('error' in answer)) return answer.reply.moved;
    this.log.warn({ error: answer.error, site }, 'Jobs could not be moved from a queue that nobody serves');
    return 0;
  }

  /** Jobs without a task that no queue could run are tried again. */
  private async placeWaiting(): Promise<void> {
    let after: UnitKey | undefined;
    for (;;) {
      const page = this.handler.committed.jobsOfStatus('defined', after, PAGE);
      const ids = page.map(({ pandaId }) => pandaId);
      if (ids.length > 0) await this.place(ids);
      after = page.at(-1)?.key;
      if (page.length < PAGE || this.rounds.isStopped) return;
    }
  }

  private async place(ids: readonly number[]): Promise<void> {
    const message = { context: automationContext(PANDA), request: {} };
    const answer = await this.handler.execute(message, (view) => placeWaiting(view, ids));
    if ('error' in answer) this.log.warn({ error: answer.error, ids }, 'No queues could be chosen for jobs');
  }

  private async checkStatus(status: JobStatus, beforeMicros: number): Promise<void> {
    let after: UnmodifiedJob | undefined;
    for (;;) {
      const page = this.handler.committed.unmodifiedJobs(status, beforeMicros, {
        limit: PAGE,
        ...(after !== undefined && { after }),
      });
      await Promise.all(page.map((job) => this.end(job)));
      after = page.at(-1);
      if (page.length < PAGE || this.rounds.isStopped) return;
    }
  }

  private async end(job: UnmodifiedJob): Promise<void> {
    const message = { context: automationContext(PANDA), request: {} };
    // Silence counts from the start on: before it nobody listened.
    const heard = { ...job, modifiedMicros: Math.max(job.modifiedMicros, this.startedMicros) };
    const answer = await this.handler.execute(message, (view, timeMicros) =>
      endLostJob(view, heard, this.timeouts, timeMicros),
    );
    if ('error' in answer)
      this.log.warn({ error: answer.error, pandaId: job.pandaId }, 'A lost job could not be ended');
  }
}
