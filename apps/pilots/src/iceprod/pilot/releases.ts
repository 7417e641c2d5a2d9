import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nowMicros } from '#platform/clock.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { AddLog } from '#contracts/iceprod/logs.js';
import { type EvictedTask, EvictTasks } from '#contracts/iceprod/tasks.js';
import type { WorkerEvents } from '#contracts/worker-events.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { pilotStream } from './pilot.js';

/** How long the tasks service may take. */
const EVICTION_DEADLINE_MS = 5_000;

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 30_000;

/** Where people look first (IceProd contract 9). */
const LOG_NAME = 'stdlog';

/** Logs that are written at a time. */
const LOGS_AT_ONCE = 32;

/** Pilots whose tasks are released in one round. */
const ROUND_PILOTS_MAX = 100;

interface Held {
  readonly id: string;
  readonly endedMicros: number;
  readonly reason: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly tasks: readonly string[];
}

/** Tasks that ended pilots listed and that nobody has taken care of yet. */
class HeldTasks {
  private readonly selectOne: StatementSync;
  private readonly selectIds: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectOne = database.prepare('SELECT * FROM pilot_release WHERE id = ?');
    this.selectIds = database.prepare(`SELECT id FROM pilot_release ORDER BY ended LIMIT ${String(ROUND_PILOTS_MAX)}`);
  }

  of(pilotId: string): Held | undefined {
    const row = this.selectOne.get(pilotId);
    if (row === undefined) return undefined;
    return {
      id: pilotId,
      endedMicros: Number(row['ended']),
      reason: String(row['reason']),
      actor: String(row['actor']),
      correlationId: String(row['correlation']),
      tasks: JSON.parse(String(row['tasks'])) as string[],
    };
  }

  pilots(): readonly string[] {
    return this.selectIds.all().map((row) => String(row['id']));
  }
}

/**
 * Gives the tasks of pilots that ended back (IceProd contract 12.3). What is to be done follows from the ledger, so it
 * outlives this process; while the tasks service does not answer it is tried again, and the eviction is named so that a
 * repeat has no second effect.
 */
@Injectable()
export class Releases implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly held: HeldTasks;
  private readonly underWay = new Map<string, Promise<boolean>>();
  private timer: NodeJS.Timeout | undefined;
  private retryMs = RETRY_MS_FIRST;
  private stopped = false;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    private readonly bus: Bus,
    private readonly log: Log,
  ) {
    this.held = new HeldTasks(readModel.queries);
  }

  /** What an earlier process left behind. */
  onApplicationBootstrap(): void {
    this.soon();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.allSettled(this.underWay.values());
  }

  /** Resolves when the pilot's tasks are released, or when that has to wait: then it is tried again later. */
  async release(pilotId: string): Promise<void> {
    if (!(await this.attempt(pilotId))) this.soon();
  }

  private soon(): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => void this.round(), this.retryMs).unref();
  }

  private async round(): Promise<void> {
    let done = true;
    for (const pilot of this.held.pilots()) done = !this.stopped && (await this.attempt(pilot)) && done;
    this.timer = undefined;
    this.retryMs = done ? RETRY_MS_FIRST : Math.min(this.retryMs * 2, RETRY_MS_MAX);
    // Also what came while this round ran, and what did not fit into it.
    if (!this.stopped && this.held.pilots().length > 0) this.soon();
  }

  private attempt(pilotId: string): Promise<boolean> {
    const same = this.underWay.get(pilotId);
    if (same !== undefined) return same;
    const attempt = this.carryOut(pilotId).finally(() => this.underWay.delete(pilotId));
    this.underWay.set(pilotId, attempt);
    return attempt;
  }

  /** Whether nothing is left to do. */
  private async carryOut(pilotId: string): Promise<boolean> {
    const held = this.held.of(pilotId);
    if (held === undefined) return true;
    try {
      const { tasks, endedMicros } = held;
      const request = { tasks, ended_micros: endedMicros, reason: `pilot ${pilotId} ${held.reason}` };
      const { evicted } = await this.bus.request(EvictTasks, request, contextOf(held, 'evict'));
      await this.explain(held, evicted);
      const data: WorkerEvents['WorkerUnitsReleased'] = { worker_id: pilotId, evicted: evicted.length };
      const answer = await this.mailbox.execute({
        context: contextOf(held, 'release'),
        timeMicros: nowMicros(),
        decide: () => ({ events: [{ stream: pilotStream(pilotId), type: 'WorkerUnitsReleased', data }], reply: {} }),
      });
      return 'reply' in answer;
    } catch (error) {
      this.log.warn({ error, pilotId }, 'The tasks of a pilot that ended are not released yet, will try again');
      return false;
    }
  }

  /** Leaves a log with each task, for people who wonder why it waits again. */
  private async explain(held: Held, evicted: readonly EvictedTask[]): Promise<void> {
    const data = {
      raw: JSON.stringify(`pilot ${held.id} ${held.reason} while it held this task; the task waits again\n`),
    };
    for (let from = 0; from < evicted.length; from += LOGS_AT_ONCE) {
      await Promise.all(
        evicted.slice(from, from + LOGS_AT_ONCE).map((task) => {
          const log = { ...task, name: LOG_NAME };
          return this.bus.request(
            AddLog,
            { ...log, fields: JSON.stringify(log), data },
            contextOf(held, `log/${task.task_id}`),
          );
        }),
      );
    }
  }
}

/** On behalf of whoever ended the pilot; the same name at every attempt. */
const contextOf = ({ id, actor, correlationId }: Held, step: string): MessageContext => ({
  correlationId,
  commandId: `pilot-ended/${id}/${step}`,
  deadlineMs: Date.now() + EVICTION_DEADLINE_MS,
  dialect: 'iceprod',
  caller: { subject: actor, username: actor, roles: ['system'], groups: [] },
});
