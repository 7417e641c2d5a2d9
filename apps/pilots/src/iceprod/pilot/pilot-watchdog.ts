import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { StatementSync } from 'node:sqlite';
import { nowMicros } from '#platform/clock.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { backgroundContext } from '#bus/background-context.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Heartbeats } from '../../heartbeat/heartbeats.js';
import { Documents } from '../document/documents.js';
import { endPilot, pilotStream } from './pilot.js';
import { TaskRelease } from './task-release.js';

/** How often heartbeats are checked: a fraction of the shortest timeout. */
const CHECK_MS = 5_000;

/** Pilots that one check ends. */
const CHECK_PILOTS_MAX = 1_000;

const MICROS_PER_SECOND = 1_000_000;

/** The actor of what the watchdog does. */
const ACTOR = 'cairn';

/**
 * Ends pilots whose heartbeats have stopped: after the timeout that the pilot chose, or after two weeks (IceProd contract
 * 12.3). Nobody hears heartbeats while this service is down, so no pilot ends before a whole timeout has passed since the
 * start.
 */
@Injectable()
export class PilotWatchdog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly startedMicros = nowMicros();
  private readonly selectDue: StatementSync;
  private readonly selectOne: StatementSync;
  private readonly pilots: Documents;
  private readonly rounds: Rounds;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    private readonly heartbeats: Heartbeats,
    private readonly taskRelease: TaskRelease,
    log: Log,
    private readonly environment: Environment,
  ) {
    this.rounds = new Rounds(
      () => this.check(nowMicros()),
      (error) => log.error({ error }, 'Could not check the heartbeats of pilots'),
    );
    this.selectDue = readModel.queries.prepare(
      'SELECT id, updated, timeout FROM pilot WHERE expires <= ? ORDER BY expires',
    );
    this.selectOne = readModel.writer.prepare('SELECT updated, timeout FROM pilot WHERE id = ?');
    this.pilots = new Documents(readModel.writer, 'pilot', 'pilot_id');
  }

  onApplicationBootstrap(): void {
    if (!automates(this.environment, 'pilot_upkeep')) return;
    this.rounds.start(CHECK_MS);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Ends the pilots whose timeout has passed at this time. */
  async check(atMicros: number): Promise<void> {
    const lost: string[] = [];
    for (const row of this.selectDue.iterate(atMicros)) {
      const id = String(row['id']);
      if (this.isLost(id, Number(row['updated']), Number(row['timeout']), atMicros)) lost.push(id);
      if (lost.length === CHECK_PILOTS_MAX) break;
    }
    for (const id of lost) await this.end(id, atMicros);
  }

  private isLost(id: string, updatedMicros: number, timeoutMicros: number, atMicros: number): boolean {
    return Math.max(this.lastHeartbeatMicros(id, updatedMicros), this.startedMicros) + timeoutMicros <= atMicros;
  }

  private lastHeartbeatMicros(id: string, updatedMicros: number): number {
    return Math.max(this.heartbeats.lastMicros(pilotStream(id)) ?? 0, updatedMicros);
  }

  private async end(id: string, atMicros: number): Promise<void> {
    const answer = await this.mailbox.execute({
      context: backgroundContext('iceprod', ACTOR),
      timeMicros: nowMicros(),
      decide: () => {
        // A heartbeat may have arrived since.
        const row = this.selectOne.get(id);
        const timeoutMicros = Number(row?.['timeout']);
        if (row === undefined || !this.isLost(id, Number(row['updated']), timeoutMicros, atMicros)) {
          return { events: [], reply: {} };
        }
        return endPilot(this.pilots.get(id), id, 'expired', {
          seconds: timeoutMicros / MICROS_PER_SECOND,
          lastHeartbeatMicros: this.lastHeartbeatMicros(id, Number(row['updated'])),
        });
      },
    });
    if ('error' in answer) return;
    this.heartbeats.forget(pilotStream(id));
    await this.taskRelease.release(id);
  }
}
