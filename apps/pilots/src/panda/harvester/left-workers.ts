import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { PANDA } from '../streams.js';
import { killLeftWorkers } from './commands.js';
import { HarvesterTables } from './harvester-tables.js';

const CHECK_MS_MAX = 60_000;
const CHECK_MS_MIN = 1_000;
const DECISION_DEADLINE_MS = 30_000;

const MICROS_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1_000;

const CALLER = { subject: 'cairn', username: 'cairn', roles: ['system'], groups: [] };

/** Has harvester kill workers whose pilot has finished long ago (contract 4.5). */
@Injectable()
export class LeftWorkers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly view: HarvesterTables;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly mailbox: Mailbox,
    { writer }: ReadModel,
    private readonly log: Log,
    private readonly environment: Environment,
  ) {
    this.view = new HarvesterTables(writer);
  }

  onApplicationBootstrap(): void {
    const graceMs = this.environment.PANDA_WORKER_SYNC_SECONDS * MS_PER_SECOND;
    const checkMs = Math.min(Math.max(graceMs / 10, CHECK_MS_MIN), CHECK_MS_MAX);
    this.timer = setInterval(() => {
      this.running ??= this.check(nowMicros()).finally(() => (this.running = undefined));
    }, checkMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Never rejects. */
  async check(atMicros: number): Promise<void> {
    const graceMicros = this.environment.PANDA_WORKER_SYNC_SECONDS * MICROS_PER_SECOND;
    const answer = await this.mailbox.execute({
      context: {
        correlationId: randomUUID(),
        deadlineMs: Date.now() + DECISION_DEADLINE_MS,
        dialect: PANDA,
        caller: CALLER,
      },
      timeMicros: atMicros,
      decide: () => killLeftWorkers(this.view, graceMicros, atMicros),
    });
    if ('error' in answer) this.log.warn({ error: answer.error }, 'Workers without a pilot could not be looked for');
  }
}
