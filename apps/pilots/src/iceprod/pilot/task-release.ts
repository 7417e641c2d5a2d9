import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nowMicros } from '#platform/clock.js';
import { DomainError, refusalOf } from '#platform/domain-error.js';
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

/** The log that people read first (IceProd contract 9). */
const LOG_NAME = 'stdlog';

/** Logs written concurrently. */
const LOGS_CONCURRENT = 32;

/** Pilots whose tasks are released in one round. */
const ROUND_PILOTS_MAX = 100;

interface PendingRelease {
  readonly id: string;
  readonly endedMicros: number;
  readonly reason: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly tasks: readonly string[];
  /** Of a pilot that had promised heartbeats. */
  readonly lastHeartbeatMicros: number | undefined;
  /** Of a pilot that has registered with a token of the role `worker`. */
  readonly holder: string | undefined;
}

/** Tasks of ended pilots that are not released yet. */
class PendingReleases {
  private readonly selectOne: StatementSync;
  private readonly selectIds: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectOne = database.prepare('SELECT * FROM pilot_release WHERE id = ?');
    this.selectIds = database.prepare(`SELECT id FROM pilot_release ORDER BY ended LIMIT ${String(ROUND_PILOTS_MAX)}`);
  }

  of(pilotId: string): PendingRelease | undefined {
    const row = this.selectOne.get(pilotId);
    if (row === undefined) return undefined;
    return {
      id: pilotId,
      endedMicros: Number(row['ended']),
      reason: String(row['reason']),
      actor: String(row['actor']),
      correlationId: String(row['correlation']),
      tasks: JSON.parse(String(row['tasks'])) as string[],
      lastHeartbeatMicros: row['last_heartbeat'] === null ? undefined : Number(row['last_heartbeat']),
      holder: row['holder'] === null ? undefined : String(row['holder']),
    };
  }

  pilots(): readonly string[] {
    return this.selectIds.all().map((row) => String(row['id']));
  }
}

/**
 * Releases the tasks of ended pilots (IceProd contract 12.3). What is pending follows from the ledger, so it survives this
 * process. While the tasks service does not answer, the release is retried; its command id makes repeats harmless.
 */
@Injectable()
export class TaskRelease implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pending: PendingReleases;
  private readonly running = new Map<string, Promise<boolean>>();
  private timer: NodeJS.Timeout | undefined;
  private retryMs = RETRY_MS_FIRST;
  private stopped = false;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    private readonly bus: Bus,
    private readonly log: Log,
  ) {
    this.pending = new PendingReleases(readModel.queries);
  }

  /** An earlier process may have left pending releases. */
  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.allSettled(this.running.values());
  }

  /** Resolves when the pilot's tasks are released, or when a first attempt failed and a retry is scheduled. */
  async release(pilotId: string): Promise<void> {
    if (!(await this.attempt(pilotId))) this.schedule();
  }

  private schedule(): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => void this.round(), this.retryMs).unref();
  }

  private async round(): Promise<void> {
    let done = true;
    for (const pilot of this.pending.pilots()) done = !this.stopped && (await this.attempt(pilot)) && done;
    this.timer = undefined;
    this.retryMs = done ? RETRY_MS_FIRST : Math.min(this.retryMs * 2, RETRY_MS_MAX);
    // More may have come while this round ran, or did not fit into it.
    if (!this.stopped && this.pending.pilots().length > 0) this.schedule();
  }

  private attempt(pilotId: string): Promise<boolean> {
    const same = this.running.get(pilotId);
    if (same !== undefined) return same;
    const attempt = this.attemptOnce(pilotId).finally(() => this.running.delete(pilotId));
    this.running.set(pilotId, attempt);
    return attempt;
  }

  /** Resolves to whether nothing is left to do. */
  private async attemptOnce(pilotId: string): Promise<boolean> {
    const pending = this.pending.of(pilotId);
    if (pending === undefined) return true;
    try {
      const { tasks, endedMicros, lastHeartbeatMicros, holder } = pending;
      const request = {
        tasks,
        ended_micros: endedMicros,
        reason: `pilot ${pilotId} ${pending.reason}`,
        ...(holder !== undefined && { holder }),
        ...(lastHeartbeatMicros !== undefined && { last_heartbeat_micros: lastHeartbeatMicros }),
      };
      const { evicted } = await this.bus.request(EvictTasks, request, contextOf(pending, 'evict'));
      await this.writeLogs(pending, evicted);
      const data: WorkerEvents['WorkerUnitsReleased'] = { worker_id: pilotId, evicted: evicted.length };
      const answer = await this.mailbox.execute({
        context: contextOf(pending, 'release'),
        timeMicros: nowMicros(),
        decide: () => ({ events: [{ stream: pilotStream(pilotId), type: 'WorkerUnitsReleased', data }], reply: {} }),
      });
      return 'reply' in answer;
    } catch (error) {
      this.log.warn({ error, pilotId }, 'Could not release the tasks of an ended pilot; will retry');
      return false;
    }
  }

  /** Writes a log for each task that says why it waits again. Tasks of a dataset that may hold no more logs go without. */
  private async writeLogs(pending: PendingRelease, evicted: readonly EvictedTask[]): Promise<void> {
    const data = {
      raw: JSON.stringify(`pilot ${pending.id} ${pending.reason} while it held this task; the task waits again\n`),
    };
    for (let from = 0; from < evicted.length; from += LOGS_CONCURRENT) {
      await Promise.all(
        evicted.slice(from, from + LOGS_CONCURRENT).map(async (task) => {
          const log = { ...task, name: LOG_NAME };
          const request = { ...log, fields: JSON.stringify(log), data };
          const written = await refusalOf(this.bus.request(AddLog, request, contextOf(pending, `log/${task.task_id}`)));
          if (written instanceof DomainError && written.kind !== 'too-large') throw written;
        }),
      );
    }
  }
}

/** Acts for the user who ended the pilot, with the same command id at every attempt. */
const contextOf = ({ id, actor, correlationId }: PendingRelease, step: string): MessageContext => ({
  correlationId,
  commandId: `pilot-ended/${id}/${step}`,
  deadlineMs: Date.now() + EVICTION_DEADLINE_MS,
  dialect: 'iceprod',
  caller: { subject: actor, username: actor, roles: ['system'], groups: [] },
});
