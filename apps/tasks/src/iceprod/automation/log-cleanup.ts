import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import { DeleteLog } from '#contracts/iceprod/logs.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Logs } from '../log/log-rows.js';
import { Workloads } from '../../workload/workloads.js';
import { automationContext } from './automation-context.js';

/** Logs of this name are kept for so long (contract 9, 17). */
const NAME = 'stdlog';
const AGE_MICROS = 31 * 86_400_000_000;

const ROUND_MS = 12 * 60 * 60_000;
const LOGS_AT_ONCE = 100;

/** Deletes old `stdlog` logs (contract 9, 17). */
@Injectable()
export class LogCleanup implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logs: Logs;
  private first: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private cleaning: Promise<void> | undefined;
  private stopped = false;

  constructor(
    { queries }: ReadModel,
    private readonly bus: Bus,
    private readonly environment: Environment,
    private readonly log: Log,
  ) {
    this.logs = new Logs(queries, new Workloads(queries));
  }

  onApplicationBootstrap(): void {
    if (!automates(this.environment, 'log_cleanup')) return;
    this.first = setTimeout(() => this.begin(), this.environment.CAIRN_AUTOMATION_DELAY * 1000).unref();
    this.timer = setInterval(() => this.begin(), ROUND_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.first);
    clearInterval(this.timer);
    await this.cleaning;
  }

  /** Deletes what is too old at this time. */
  async clean(atMicros: number): Promise<void> {
    const filter = { name: NAME, toMicros: atMicros - AGE_MICROS };
    for (;;) {
      const old = this.logs.list(filter, 'asc', LOGS_AT_ONCE);
      for (const { id } of old) {
        if (this.stopped) return;
        await this.bus.request(DeleteLog, { log_id: id }, automationContext());
      }
      if (old.length < LOGS_AT_ONCE) return;
    }
  }

  private begin(): void {
    this.cleaning ??= this.clean(nowMicros())
      .catch((error: unknown) => this.log.warn({ error }, 'Old logs could not be deleted'))
      .finally(() => (this.cleaning = undefined));
  }
}
