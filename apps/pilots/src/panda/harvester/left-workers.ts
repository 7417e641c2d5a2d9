import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { backgroundContext } from '#bus/background-context.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { PANDA } from '../streams.js';
import { killLeftWorkers } from './commands.js';
import { HarvesterTables } from './harvester-tables.js';

const CHECK_MS_MAX = 60_000;
const CHECK_MS_MIN = 1_000;

const MICROS_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1_000;

/** The actor of the commands. */
const ACTOR = 'cairn';

/** Has harvester kill workers whose pilot has finished long ago (contract 4.5). */
@Injectable()
export class LeftWorkers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly view: HarvesterTables;
  private readonly rounds: Rounds;

  constructor(
    private readonly mailbox: Mailbox,
    { writer }: ReadModel,
    private readonly log: Log,
    private readonly environment: Environment,
  ) {
    this.rounds = new Rounds(
      () => this.check(nowMicros()),
      (error) => log.error({ error }, 'Workers without a pilot could not be looked for'),
    );
    this.view = new HarvesterTables(writer);
  }

  onApplicationBootstrap(): void {
    const graceMs = this.environment.PANDA_WORKER_SYNC_SECONDS * MS_PER_SECOND;
    const checkMs = Math.min(Math.max(graceMs / 10, CHECK_MS_MIN), CHECK_MS_MAX);
    this.rounds.start(checkMs);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Looks for them at this time. */
  async check(atMicros: number): Promise<void> {
    const graceMicros = this.environment.PANDA_WORKER_SYNC_SECONDS * MICROS_PER_SECOND;
    const answer = await this.mailbox.execute({
      context: backgroundContext(PANDA, ACTOR),
      timeMicros: atMicros,
      decide: () => killLeftWorkers(this.view, graceMicros, atMicros),
    });
    if ('error' in answer) this.log.warn({ error: answer.error }, 'Workers without a pilot could not be looked for');
  }
}
