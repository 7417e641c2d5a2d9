import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { Bus } from '#bus/bus.js';
import { DeleteLog } from '#contracts/iceprod/logs.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Logs } from '../log/log-rows.js';
import { Workloads } from '../../workload/workloads.js';
import { automationContext } from '../../automation-context.js';
import { ICEPROD } from '../streams.js';

/** Logs of this name are kept for so long (contract 9, 17). */
const NAME = 'stdlog';
const AGE_MICROS = 31 * 86_400_000_000;

const ROUND_MS = 12 * 60 * 60_000;
const LOGS_AT_ONCE = 100;

/** Deletes old `stdlog` logs (contract 9, 17). */
@Injectable()
export class LogCleanup implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logs: Logs;
  private readonly rounds: Rounds;

  constructor(
    { queries }: ReadModel,
    private readonly bus: Bus,
    private readonly environment: Environment,
    log: Log,
  ) {
    this.rounds = new Rounds(
      () => this.clean(nowMicros()),
      (error) => log.warn({ error }, 'Old logs could not be deleted'),
    );
    this.logs = new Logs(queries, new Workloads(queries));
  }

  onApplicationBootstrap(): void {
    if (!automates(this.environment, 'log_cleanup')) return;
    this.rounds.start(ROUND_MS, this.environment.CAIRN_AUTOMATION_DELAY * 1000);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Deletes what is too old at this time. */
  async clean(atMicros: number): Promise<void> {
    const filter = { name: NAME, toMicros: atMicros - AGE_MICROS };
    for (;;) {
      const old = this.logs.list(filter, 'asc', LOGS_AT_ONCE);
      for (const { id } of old) {
        if (this.rounds.isStopped) return;
        await this.bus.request(DeleteLog, { log_id: id }, automationContext(ICEPROD));
      }
      if (old.length < LOGS_AT_ONCE) return;
    }
  }
}
