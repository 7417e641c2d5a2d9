import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import type { MessageContext } from '#bus/contract.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { BlobStore } from '#storage/blob-store.js';
import { CacheFiles } from './cache-view.js';
import { expireFiles } from './decide-cache.js';

const FIRST_MS = 10_000;
const ROUND_MS = 60 * 60 * 1000;
const DAY_MICROS = 24 * 3600 * 1_000_000;
/** Files of one event. */
const FILES_AT_ONCE = 200;
const DEADLINE_MS = 60_000;

const ownContext = (): MessageContext => ({
  correlationId: 'panda-cache-expiry',
  deadlineMs: Date.now() + DEADLINE_MS,
  dialect: 'panda',
  caller: { subject: 'datasets', username: 'datasets', roles: [], groups: [] },
});

/** Removes cache files that nobody has touched for long, with their registrations (contract 7.7). */
@Injectable()
export class CacheExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly view: CacheFiles;
  private readonly rounds: Rounds;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    private readonly environment: Environment,
    log: Log,
    { writer }: ReadModel,
  ) {
    this.rounds = new Rounds(
      () => this.expire(nowMicros()),
      (error) => log.warn({ error }, 'Old cache files could not be removed'),
    );
    this.view = new CacheFiles(writer);
  }

  onApplicationBootstrap(): void {
    this.rounds.start(ROUND_MS, FIRST_MS);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Removes what is too old at this time. */
  async expire(atMicros: number): Promise<void> {
    const beforeMicros = atMicros - this.environment.PANDA_CACHE_DAYS * DAY_MICROS;
    for (let expired = 1; expired > 0 && !this.rounds.isStopped;) {
      const answer = await this.mailbox.execute({
        context: ownContext(),
        timeMicros: atMicros,
        decide: () => expireFiles(this.view, beforeMicros, FILES_AT_ONCE),
      });
      if ('error' in answer) throw new Error(answer.error.message);
      await Promise.all(answer.reply.drops.map((key) => this.blobs.delete(key)));
      expired = answer.reply.expired;
    }
  }
}
