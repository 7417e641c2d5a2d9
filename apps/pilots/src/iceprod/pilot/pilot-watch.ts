import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { StatementSync } from 'node:sqlite';
import { nowMicros } from '#platform/clock.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Documents } from '../document/documents.js';
import { endPilot } from './pilot.js';
import { Releases } from './releases.js';

const MICROS_PER_MS = 1000;

/** A pilot that is silent for so long is taken for lost (IceProd contract 12.3). */
export const SILENCE_MS_MAX = 14 * 24 * 60 * 60 * 1000;

/** How often somebody looks. */
const ROUND_MS = 10 * 60 * 1000;

/** Pilots that one round ends. */
const ROUND_PILOTS_MAX = 1_000;

const CALLER = { subject: 'cairn', username: 'cairn', roles: ['system'], groups: [] };
const DECISION_DEADLINE_MS = 30_000;

/**
 * Ends pilots that have been silent for too long. When each was heard last stands in the ledger; the time in which this
 * service did not run says nothing about pilots, so nobody is taken for lost before one whole limit has passed since its
 * start.
 */
@Injectable()
export class PilotWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly startedMicros = nowMicros();
  private readonly selectSilent: StatementSync;
  private readonly selectIsSilent: StatementSync;
  private readonly pilots: Documents;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    private readonly releases: Releases,
    private readonly log: Log,
    private readonly environment: Environment,
  ) {
    this.selectSilent = readModel.queries.prepare(
      `SELECT id FROM pilot WHERE updated <= ? ORDER BY updated LIMIT ${String(ROUND_PILOTS_MAX)}`,
    );
    this.selectIsSilent = readModel.writer.prepare('SELECT 1 FROM pilot WHERE id = ? AND updated <= ?');
    this.pilots = new Documents(readModel.writer, 'pilot', 'pilot_id');
  }

  onApplicationBootstrap(): void {
    if (!automates(this.environment, 'pilot_upkeep')) return;
    this.timer = setInterval(() => {
      this.looking = this.look(nowMicros()).catch((error: unknown) => {
        this.log.error({ error }, 'Could not look for silent pilots');
      });
    }, ROUND_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Ends those that are silent for too long at this time. */
  async look(atMicros: number): Promise<void> {
    const limitMicros = atMicros - SILENCE_MS_MAX * MICROS_PER_MS;
    if (this.startedMicros > limitMicros) return;
    for (const row of this.selectSilent.all(limitMicros)) await this.end(String(row['id']), limitMicros);
  }

  private async end(id: string, limitMicros: number): Promise<void> {
    const answer = await this.mailbox.execute({
      context: {
        correlationId: randomUUID(),
        deadlineMs: Date.now() + DECISION_DEADLINE_MS,
        dialect: 'iceprod',
        caller: CALLER,
      },
      timeMicros: nowMicros(),
      // It may have reported since.
      decide: () =>
        this.selectIsSilent.get(id, limitMicros) === undefined
          ? { events: [], reply: {} }
          : endPilot(this.pilots.get(id), id, 'expired'),
    });
    if ('error' in answer) return;
    await this.releases.release(id);
  }
}
